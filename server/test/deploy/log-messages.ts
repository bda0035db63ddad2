/** The log lines that the sources write: their text and level. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

const SOURCES = path.resolve(import.meta.dirname, '../../src');

export interface LogMessage {
  /** Parts that differ are `…`. */
  readonly text: string;
  readonly level: string;
  readonly file: string;
}

/** Texts that a call takes from elsewhere, by the source of what stands in their place. Each is looked up in that file. */
const INDIRECT: readonly { readonly file: string; readonly from: RegExp; readonly level: string }[] = [
  { file: 'boot/open-stores.ts', from: /const JOURNAL_EVENTS[\s\S]*?\n\};/, level: 'warn' },
  { file: 'boot/open-stores.ts', from: /const LEDGER_FAILURES[\s\S]*?\n\} as const/, level: 'error' },
  { file: 'observe/request-lines.ts', from: /^function sentence[\s\S]*?\n\}/m, level: 'warn' },
];

/** Returns every message of the sources, each once. */
export function logMessages(): readonly LogMessage[] {
  const files = globSync('**/*.ts', { cwd: SOURCES }).filter((file) => !file.endsWith('.test.ts'));
  const direct = files.flatMap((file) => {
    const source = readFileSync(path.join(SOURCES, file), 'utf8');
    // `mailLater` logs its last argument.
    const calls = source.matchAll(/\b(?:log\.(info|warn|error|fatal)|(?<!function )mailLater)\(/g);
    return [...calls].flatMap(({ 1: level = 'warn', index, 0: { length } }) =>
      textsIn(callAt(source, index + length)).map((text) => ({ text, level, file })),
    );
  });
  const indirect = INDIRECT.flatMap(({ file, from, level }) =>
    textsIn(from.exec(readFileSync(path.join(SOURCES, file), 'utf8'))?.[0] ?? '').map((text) => ({ text, level, file })),
  );
  return [...new Map([...direct, ...indirect].map((one) => [`${one.level} ${one.text}`, one])).values()];
}

/** Returns the arguments of a call, up to its closing bracket. */
function callAt(source: string, begin: number): string {
  let depth = 1;
  let at = begin;
  for (; at < source.length && depth > 0; at += 1) {
    if (source[at] === '(') depth += 1;
    if (source[at] === ')') depth -= 1;
  }
  return source.slice(begin, at - 1);
}

/** Returns the sentences among the string literals: what has two words at least. */
function textsIn(code: string): readonly string[] {
  return [...code.matchAll(/'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`/g)]
    .map(([, plain, template]) => (plain ?? template ?? '').replace(/\$\{[^}]*\}/g, '…'))
    .filter((text) => /\S \S/.test(text.replaceAll('…', 'x')) && !text.startsWith('…_'));
}
