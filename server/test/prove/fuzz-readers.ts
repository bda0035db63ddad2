// Everything that reads what strangers send, fuzzed side by side, each in a process of its own: ten seconds each when it is quick, else a minute.

import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { READERS } from '../fuzz/readers/all.ts';
import type { Round } from '../fuzz/readers/reader.ts';
import { startChild } from './gateway.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const seconds = quick ? 10 : 60;
  // Others in each run; the figure names where they began.
  const seed = Math.floor(Math.random() * 2 ** 31);
  const results = await Promise.all(READERS.map(({ name }) => fuzzed(name, seconds, seed)));
  const { holds, figure, details = [] } = allOf(results);
  return { holds, figure: `${seconds} s each from seed ${seed} on: ${figure}`, details };
}

async function fuzzed(name: string, seconds: number, seed: number): Promise<ProveResult> {
  const child = startChild([process.execPath, 'server/test/fuzz/readers/process.ts', name, String(seconds), String(seed)]);
  const [said, complained, [code]] = await Promise.all([
    text(child.stdout as Readable),
    text(child.stderr as Readable),
    once(child, 'exit'),
  ]);
  if (code !== 0) return { holds: false, figure: `${name} ended with ${code}`, details: complained.split('\n').slice(0, 20) };
  const { cases, problems } = JSON.parse(said) as Round;
  const figure = `${name} ${cases.toLocaleString('en')} cases, ${problems.length} wrong`;
  return { holds: cases > 0 && problems.length === 0, figure, details: problems };
}
