import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { foreignFormats, inlineTexts, unusedWords } from './console-texts.ts';

const sources = path.resolve(import.meta.dirname, '../console/src');

/** The folders whose texts are all in their `words.ts`. */
const FOLDERS = [
  'components/charts',
  'components/dialogs',
  'components/fields',
  'components/limits',
  'components/list',
  'components/money',
  'components/shell',
  'forms',
  'pages/access',
  'pages/access-groups',
  'pages/alerts',
  'pages/audit',
  'pages/callable-models',
  'pages/credentials',
  'pages/keys',
  'pages/models',
  'pages/organizations',
  'pages/overview',
  'pages/people',
  'pages/playground',
  'pages/profile',
  'pages/requests',
  'pages/roles',
  'pages/route-groups',
  'pages/security',
  'pages/service-accounts',
  'pages/settings',
  'pages/sign-in',
  'pages/single-sign-on',
  'pages/statements',
  'pages/teams',
  'pages/usage',
  'pages/webhooks',
];

/** Files with examples of code or names of products. */
const LEFT_OUT = [
  'components/dialogs/snippet-texts.ts',
  'pages/callable-models/client-settings.ts',
  'pages/profile/browser-name.ts',
];

/** Files that compute with the parts of a time, or draw: nobody reads what they format. The last ones are still to be moved. */
const OWN_FORMATS = ['components/charts/Sparkline.tsx', 'components/dialogs/who-can.ts'];

describe('the console', () => {
  test.each(FOLDERS)('has no text outside the words of %s', (folder) => {
    const files = filesIn(folder);
    expect(files.length).toBeGreaterThan(0);
    expect(files.flatMap((file) => inlineTexts(file, read(file)).map((text) => `${file}:${text}`))).toEqual([]);
  });

  test.each(FOLDERS)('shows every entry of the words of %s', (folder) => {
    const others = globSync(`${folder}/**/*.{ts,tsx}`, { cwd: sources }).filter((file) => !file.endsWith('/words.ts'));
    expect(unusedWords(read(`${folder}/words.ts`), others.map(read))).toEqual([]);
  });

  test('formats numbers and times only in numbers/', () => {
    const files = globSync('**/*.{ts,tsx}', { cwd: sources }).filter((file) => !/^numbers\/|^api\/schema\.d\.ts$/.test(file));
    const formatting = files.filter((file) => foreignFormats(read(file)).length > 0);
    expect(formatting.filter((file) => !OWN_FORMATS.includes(file))).toEqual([]);
  });
});

describe('the check', () => {
  test('finds what a person reads: children, attributes, fields, choices and sentences', () => {
    const source = `
      export const A = () => <Text title="Name" p="xs">Hello {is ? 'one' : words.two}</Text>;
      show({ message: 'saved', color: 'red' });
      saved('It was saved.');
      throw new Error('Only the log shows this');
      const key = 'not-shown', { label } = { label: words.label };
    `;
    expect(inlineTexts('a.tsx', source)).toEqual(['2: Name', '2: Hello', '2: one', '3: saved', '4: It was saved.']);
  });

  test('finds an entry that nothing shows', () => {
    expect(unusedWords("{\n  save: 'Save',\n  saved: () => 'Saved',\n}", ['words.saved()'])).toEqual(['save']);
  });

  test('finds formatting, and leaves types alone', () => {
    expect(foreignFormats('a.toFixed(2)\nnew Intl.NumberFormat()\nIntl.NumberFormatOptions\nb.toString()')).toHaveLength(2);
  });
});

function filesIn(folder: string): string[] {
  return globSync(`${folder}/**/*.{ts,tsx}`, { cwd: sources }).filter(
    (file) => !file.endsWith('/words.ts') && !LEFT_OUT.includes(file),
  );
}

function read(file: string): string {
  return readFileSync(path.join(sources, file), 'utf8');
}
