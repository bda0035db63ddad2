import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { repository } from './gateway.ts';
import { listing, REGISTRY, rowsOf } from './registry.ts';
import { SMALL_FORMS } from './small-forms.ts';

const namesOf = (word: string) => rowsOf(word).map(({ name }) => name);

/** Only in full runs, where each has the process to itself; over in a moment, as a mount or a version; or once on a machine, as an install. */
const MAY_WAIT = [
  'bad-starts.ts',
  'certified-postgres.ts',
  'command-line.ts',
  'console-program.ts',
  'console-screens.ts',
  'counters-contract.ts',
  'first-start.ts',
  'haproxy.ts',
  'memory-disk.ts',
  'move-and-restore.ts',
  'no-regression.ts',
  'npm-program.ts',
  'ops-release.ts',
  'wall-patterns.ts',
];

describe('what can be shown', () => {
  test('has a name of its own, as CI counts it, and a module that is there', () => {
    const names = REGISTRY.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z]+\.[a-z-]+$/);
    const missing = REGISTRY.filter(({ module }) => !existsSync(path.join(import.meta.dirname, `${module}.ts`)));
    expect(missing).toEqual([]);
  });

  test('is chosen by its name, its area, its number, its group of numbers, or as everything', () => {
    expect(namesOf('limits.table')).toEqual(['limits.table']);
    expect(namesOf('limits')).toEqual(['limits.probe', 'limits.table']);
    expect(namesOf('1.5')).toEqual(['limits.probe', 'limits.table']);
    expect(namesOf('1.1')).toEqual(['start.first']);
    expect(namesOf('3').length).toBe(REGISTRY.filter(({ was }) => was?.startsWith('3.')).length);
    expect(namesOf('all').length).toBe(REGISTRY.length);
    for (const nothing of ['limit', 'limits.', '4', '1.', '', 'table']) expect(namesOf(nothing)).toEqual([]);
  });

  test('is left to a test that is there, where a quick run leaves it out', () => {
    for (const [name, file] of Object.entries(SMALL_FORMS)) {
      expect(namesOf(name)).toEqual([name]);
      expect(existsSync(path.join(repository, file)), file).toBe(true);
    }
  });

  test('holds up no other prove of a quick run, which has one event loop, while a program runs', () => {
    const files = globSync('*.ts', { cwd: import.meta.dirname }).filter((file) => !file.endsWith('.test.ts'));
    const waiting = files.filter((file) =>
      /\b(spawn|exec|execFile)Sync\b/.test(readFileSync(path.join(import.meta.dirname, file), 'utf8')),
    );
    expect(waiting.sort()).toEqual(MAY_WAIT);
  });

  test('is listed in one line each, its number beside it', () => {
    const lines = listing();
    expect(lines.length).toBe(REGISTRY.length);
    expect(lines.find((line) => line.startsWith('limits.table '))).toMatch(/admits exactly what it says \(1\.5\)$/);
  });

  test('is named in the documents as it is called', () => {
    const files = ['README.md', ...globSync('docs/**/*.md', { cwd: repository })];
    const named = files.flatMap((file) => {
      const text = readFileSync(path.join(repository, file), 'utf8');
      return [...text.matchAll(/`npm run prove ([^` ]+)/g)].map(([, word]) => ({ file, word: word as string }));
    });
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter(({ word }) => rowsOf(word).length === 0 || /^\d/.test(word))).toEqual([]);
  });
});
