/** docs/logs.md lists every line that a gateway writes, with its level, and none that it does not. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { repository } from '../prove/gateway.ts';
import { logMessages } from './log-messages.ts';

const ROW = /^\| `{1,2} ?(.+?) ?`{1,2} \| (info|warn|error|fatal) \| (.+) \|$/gm;
const page = readFileSync(path.join(repository, 'docs/logs.md'), 'utf8');
const documented = [...page.matchAll(ROW)].map(([, text = '', level = '', what = '']) => ({ text, level, what }));
const key = ({ level, text }: { level: string; text: string }) => `${level} ${text}`;

test('the log reference and the sources have the same messages at the same levels', () => {
  const written = logMessages().map(key).sort();
  expect(written.length).toBeGreaterThan(60);
  expect(documented.map(key).sort()).toEqual(written);
});

test('each message says what it means, and links lead to chapters that are there', () => {
  const chapters = new Set(
    [...readFileSync(path.join(repository, 'docs/operating.md'), 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
  for (const { text, what } of documented) {
    expect(what.length, text).toBeGreaterThan(5);
    for (const [, chapter = ''] of what.matchAll(/operating\.md#([\w-]+)/g)) expect(chapters, text).toContain(chapter);
  }
});
