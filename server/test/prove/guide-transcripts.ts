/** The transcripts of the guides of clients: a command, and what its program prints. */
import { SENTENCES } from '../../src/providers/fake/fake-text.ts';

export interface Transcript {
  /** The line of the page, from 1. */
  readonly line: number;
  /** The key with which it was made, by the comment before it; `good` without one. */
  readonly key: string;
  readonly command: string;
  /** Empty lines are left out. `…` stands for anything within a line. */
  readonly printed: readonly string[];
}

const KEY = /^<!-- key: (.+) -->$/;

/** Returns the transcripts of a page: fences of `console`, each with one command after `$`. */
export function transcriptsIn(markdown: string): Transcript[] {
  const found: Transcript[] = [];
  const lines = markdown.split('\n');
  for (const [at, line] of lines.entries()) {
    if (line !== '```console') continue;
    const end = lines.indexOf('```', at);
    const [first = '', ...printed] = lines.slice(at + 1, end);
    if (!first.startsWith('$ ')) throw new Error(`line ${at + 2} of a guide is no command: ${first}`);
    const key = KEY.exec(lines[at - 1] ?? '')?.[1] ?? 'good';
    found.push({ line: at + 1, key, command: first.slice(2), printed: printed.filter((one) => one.trim() !== '') });
  }
  return found;
}

/**
 * Returns the lines of a transcript that a program did not print, in their order. The answers of the fake model count as the same,
 * because they depend on the prompt, in which clients write the time and the folder.
 */
export function notPrinted({ printed }: Transcript, output: string): string[] {
  const lines = plain(output).split('\n');
  let at = 0;
  return printed.filter((wanted) => {
    const pattern = patternOf(plain(wanted));
    const found = lines.findIndex((line, index) => index >= at && pattern.test(line));
    if (found >= 0) at = found + 1;
    return found < 0;
  });
}

/** Returns an output without colours, and with one sign for each answer of the fake model. */
function plain(output: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are coloured by control characters
  const bare = output.replaceAll(/\x1b\[[0-9;?]*[A-Za-z]/g, '');
  return SENTENCES.reduce((text, sentence) => text.replaceAll(sentence, '•'), bare).replaceAll(/•(?: •)*/g, '•');
}

function patternOf(wanted: string): RegExp {
  const parts = wanted
    .trim()
    .split('…')
    .map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^\\s*${parts.join('.*')}\\s*$`);
}
