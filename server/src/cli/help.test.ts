import { expect, test } from 'vitest';
import { SETTINGS } from '../config.ts';
import { asksForHelp, help } from './help.ts';

test('whoever asks is told the commands and every setting with its default', () => {
  for (const argv of [['help'], ['--help'], ['-h'], ['serve', '--help'], ['seed', '--keys', '1', '--help']])
    expect(asksForHelp(argv)).toBe(true);
  for (const argv of [[], ['serve'], ['serve', '--port', '4100'], ['helpless']]) expect(asksForHelp(argv)).toBe(false);
  const text = help();
  expect(text).toContain('headgate [serve]');
  expect(text).toContain('headgate seed');
  for (const { name, default: standard } of SETTINGS) {
    expect(text).toContain(`  ${name} `);
    if (standard !== '') expect(text).toContain(`[${standard}]`);
  }
});
