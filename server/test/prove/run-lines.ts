/** What a run of proves prints: one line for each, and one of counts at its end. A reader and CI find each by the beginning of its line. */
import { writeSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import type { ProveResult } from './prove.ts';

/** Of a first detail in the line of its prove. All of it stands below. */
const DETAIL_CHARS_MAX = 300;

/** How a prove ended. `again`: it was missed beside others, and is tried once more alone. */
export type Ended = 'held' | 'missed' | 'skipped' | 'again';

export function endOf(result: ProveResult, { quick, mayTryAgain }: { readonly quick: boolean; readonly mayTryAgain: boolean }) {
  // What a machine lacks may be skipped in a quick run alone.
  if (result.skipped !== undefined && quick) return 'skipped';
  if (result.skipped === undefined && result.holds) return 'held';
  return mayTryAgain ? 'again' : 'missed';
}

/** Returns the line of a prove and what stands below it. A miss says its first reason in the line itself. */
export function linesOf(name: string, result: ProveResult, ended: Ended, seconds: number): string {
  const details = ended === 'held' ? [] : (result.details ?? []);
  const below = [...(result.log ?? []), ...details].flatMap((text) => text.split('\n')).map((line) => `    ${line}`);
  return [`${headOf(name, result, ended)} (${seconds.toFixed(0)} s)`, ...below].join('\n');
}

function headOf(name: string, result: ProveResult, ended: Ended): string {
  const figure = oneLine(result.skipped === undefined ? result.figure : `skipped: ${result.skipped}`);
  switch (ended) {
    case 'held':
      return `${name} holds ${figure}`;
    case 'skipped':
      return `${name} ${figure}`;
    case 'missed':
      return `${name} missed ${withReason(figure, result)}`;
    case 'again':
      return `unsteady: ${name} beside others, and is tried again alone: ${withReason(figure, result)}`;
  }
}

/** Where an error was thrown is no reason; its words are in the figure. */
function withReason(figure: string, { details = [] }: ProveResult): string {
  const first = details.map(oneLine).find((line) => line !== '' && !line.startsWith('at '));
  if (first === undefined || figure.includes(first)) return figure;
  const reason = first.length > DETAIL_CHARS_MAX ? `${first.slice(0, DETAIL_CHARS_MAX)}…` : first;
  return `${figure}; missed because: ${reason}${details.length > 1 ? ` (and ${details.length - 1} more below)` : ''}`;
}

/** A text without line feeds and what moves a cursor: the next name would not stand at the beginning of its line. */
function oneLine(text: string): string {
  return (
    stripVTControlCharacters(text)
      .trim()
      .replaceAll(/\s*[\r\n\u2028\u2029]+\s*/g, ' | ')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out.
      .replaceAll(/[\u0000-\u001f\u007f]/g, ' ')
  );
}

/** Returns the last line of a run. CI compares it with the lines above it. */
export function countsOf(ends: readonly Ended[], total: number): string {
  const count = (end: Ended) => ends.filter((one) => one === end).length;
  const [held, missed, skipped] = [count('held'), count('missed'), count('skipped')];
  const open = total - held - missed - skipped;
  return `proves: ${held} held, ${missed} missed, ${skipped} skipped${open > 0 ? `, ${open} without an end` : ''} of ${total}`;
}

const BUSY_MS = 5;

/** Writes all of a text at once, also to a pipe that another process made unblocking, and whose reader is slow. */
export function writeWhole(descriptor: number, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_MS);
    }
  }
}
