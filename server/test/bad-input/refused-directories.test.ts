import { expect, test } from 'vitest';
import { directoryProblems } from '../prove/bad-starts.ts';

test('a data directory that is no directory, read-only or full stops the start with one line that says so', async () => {
  expect((await directoryProblems()).problems).toEqual([]);
}, 120_000);
