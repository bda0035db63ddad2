/** docs/sizing.md says what follows from the measured figures of docs/scale.md. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { repository } from '../prove/gateway.ts';
import { figure, sizingRows } from './sizing.ts';

test('each row of the table is worked out from the measured figures', () => {
  const page = readFileSync(path.join(repository, 'docs/sizing.md'), 'utf8');
  expect(page.split('\n').filter((line) => /^\| (gateways|memory|data|PostgreSQL|Redis)/.test(line))).toEqual(sizingRows());
});

test('another measured figure gives another table, and one that is gone is an error', () => {
  const scale = readFileSync(path.join(repository, 'docs/scale.md'), 'utf8');
  expect(sizingRows(scale.replace(/to ([\d,]+) bytes a row/, 'to 2,120 bytes a row'))).not.toEqual(sizingRows(scale));
  expect(() => figure('', "PostgreSQL's disk", /(\d+)/)).toThrow('docs/scale.md has no');
});
