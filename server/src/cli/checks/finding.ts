/** The findings of checks of an installation, and their form in print. */
import type { CommandIo } from '../command-io.ts';
import { CommandFailed } from '../outcome.ts';

/** `ok`: nothing to do. `warn`: look at it. `fail`: it stops a start, loses data or lets strangers in. */
export type Verdict = 'ok' | 'warn' | 'fail';

/** One line of a check. */
export interface Finding {
  /** The thing that was checked: a setting's name, or a word. */
  readonly about: string;
  readonly verdict: Verdict;
  /** A sentence that says what was found. It holds no secret. */
  readonly found: string;
  /** A sentence that says what to do; null if nothing must be done. */
  readonly todo: string | null;
}

export function ok(about: string, found: string): Finding {
  return { about, verdict: 'ok', found, todo: null };
}

export function warn(about: string, found: string, todo: string): Finding {
  return { about, verdict: 'warn', found, todo };
}

export function fail(about: string, found: string, todo: string): Finding {
  return { about, verdict: 'fail', found, todo };
}

/** Returns the findings as lines of text. */
export function linesOf(findings: readonly Finding[]): string {
  const width = Math.max(0, ...findings.map(({ about }) => about.length));
  return findings
    .map(
      ({ about, verdict, found, todo }) =>
        `${verdict.padEnd(4)}  ${about.padEnd(width)}  ${found}${todo === null ? '' : ` ${todo}`}\n`,
    )
    .join('');
}

/** Throws CommandFailed if a finding is a failure, so that the exit code is 1. */
export function failIfAny(findings: readonly Finding[]): void {
  const failures = findings.filter(({ verdict }) => verdict === 'fail').length;
  if (failures > 0) throw new CommandFailed(failures === 1 ? 'One check failed.' : `${failures} checks failed.`);
}

/** Prints an object as JSON, or the text, to standard output. */
export function printResult(io: CommandIo, isJson: boolean, result: object, text: string): void {
  io.out(isJson ? `${JSON.stringify(result, null, 2)}\n` : text);
}
