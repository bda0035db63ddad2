// Writes docs/promises.md: each sentence that was promised, beside the test that states it. A test claims a sentence by a line above it:
// `// promise: <words of the sentence>`. The sentences come from the design papers beside the project; without those the page stays as it is.
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const design = process.env.HEADGATE_DESIGN ?? path.join(root, '../shared/design');
const page = path.join(root, 'docs/promises.md');

interface Sentence {
  readonly section: string;
  readonly text: string;
  readonly tests: string[];
}

interface Claim {
  readonly words: string;
  readonly test: string;
}

/** Sections whose engines this release does not have, with what stands in for them. */
const LATER: readonly (readonly [RegExp, string])[] = [
  [/redis|replica|lease(s)? belong|registered their holds/i, 'with several processes'],
  [
    /console|sessions? (stay|token)|people & access|platform accounts through|create\/edit dialog|self-service|standing table|sign-in/i,
    'with the console',
  ],
  [/our own cache/i, 'with the cache'],
  [/thresholds? (count|alert)|webhook/i, 'with alert delivery'],
  [/proof job/i, 'with the background jobs'],
  [/`redacted`/i, 'with the redaction engine'],
];

/** Titles and remarks about the papers themselves: nothing is promised there. */
const NO_PROMISE =
  /^(The user asked|Every sentence of it|Decisions where two|Each is a test|Change one by ADR|One page|What this page manages|Typical workflow|Rate limit fields|Field ·|Why it matters|Asset Access and Access Groups|Organizations$|Use organization grants deliberately|what · served|`audit\.content`:$)/;

function plain(text: string): string {
  return text.toLowerCase().replace(/[*`_]/g, '').replace(/\s+/g, ' ').trim();
}

function sentencesOf(file: string): Sentence[] {
  const found: Sentence[] = [];
  let section = '';
  for (const line of readFileSync(path.join(design, file), 'utf8').split('\n')) {
    if (line.startsWith('#')) section = line.replace(/^#+\s*/, '');
    if (line.trim() === '' || /^(#|```|\|?[-| ]+\|?$)/.test(line)) continue;
    const text = line.replace(/^\s*(- |\* |\d+\. )/, '').trim();
    const pieces = text.startsWith('|') ? [text.replace(/^\||\|$/g, '').trim()] : text.split(/(?<=[.!?:)])\s+(?=[A-Z`*"])/);
    for (const piece of pieces)
      if (piece.length > 12) found.push({ section, text: piece.replaceAll('|', '·').replace(/ ?\(part \d\)/g, ''), tests: [] });
  }
  return found;
}

function claims(): Claim[] {
  const found: Claim[] = [];
  for (const file of globSync(['server/**/*.test.ts', 'server/test/**/*.ts', 'bench/**/*.ts'], {
    cwd: root,
    exclude: ['**/node_modules/**'],
  })) {
    const lines = readFileSync(path.join(root, file), 'utf8').split('\n');
    lines.forEach((line, at) => {
      const words = /^\s*\/\/ promise: (.+)$/.exec(line)?.[1];
      if (words === undefined) return;
      const name = lines
        .slice(at + 1, at + 8)
        .map((next) => /['"`](.{8,}?)['"`],? ?(?:async|\(|$)/.exec(next)?.[1])
        .find((text) => text !== undefined);
      found.push({ words: plain(words), test: `${file}: ${name ?? '(see the file)'}`.replaceAll('|', '·') });
    });
  }
  return found;
}

function match(sentences: readonly Sentence[], made: readonly Claim[]): string[] {
  const unmatched: string[] = [];
  // Tests also state sentences of the other papers; those have no page of their own.
  const elsewhere = plain(
    ['api.md', 'product.md', 'architecture.md'].map((file) => readFileSync(path.join(design, file), 'utf8')).join(' '),
  );
  for (const { words, test } of made) {
    const key = words.replace(/…$/, '').slice(0, 60);
    const hits = sentences.filter(({ text }) => plain(text).includes(key) || key.startsWith(plain(text).slice(0, 40)));
    if (hits.length === 0 && !elsewhere.includes(key)) unmatched.push(`${test} — “${words}”`);
    for (const hit of hits) hit.tests.push(test);
  }
  return unmatched;
}

function render(title: string, sentences: readonly Sentence[]): string {
  const lines = [`## ${title}`, ''];
  let section = '';
  for (const { section: at, text, tests } of sentences) {
    if (at !== section) {
      section = at;
      lines.push('', `### ${section}`, '', '| promise | stated by |', '|---|---|');
    }
    lines.push(
      `| ${text} | ${tests.length > 0 ? tests.join('<br>') : (LATER.find(([pattern]) => pattern.test(text))?.[1] ?? '**no test names it yet**')} |`,
    );
  }
  return lines.join('\n');
}

if (!existsSync(design)) {
  console.log('promises: the design papers are not here; docs/promises.md stays as it is');
} else {
  const seed = sentencesOf('seed.md');
  const semantics = sentencesOf('semantics.md');
  const unmatched = match([...seed, ...semantics], claims());
  const all = [...seed, ...semantics];
  const stated = all.filter(({ tests }) => tests.length > 0).length;
  const text = [
    '# Promises and the tests that state them',
    '',
    `Generated by \`npm run generate\`. ${stated} of ${all.length} sentences are named by a test; “with …” says which engine a sentence waits for.`,
    '',
    render('The first page', seed),
    '',
    render('The fine print', semantics),
    '',
  ].join('\n');
  writeFileSync(page, text);
  console.log(`promises: ${stated} of ${all.length} sentences are stated by tests`);
  for (const line of unmatched) console.log(`promises: no sentence for ${line}`);
}
