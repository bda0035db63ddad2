import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { CLIENTS } from '../console/src/pages/callable-models/client-settings.ts';

const repository = path.resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(path.join(repository, file), 'utf8');

/** The facts of every guide. */
const OF = { baseUrl: 'https://gateway.example.com', models: ['fast', 'smart'] } as const;

describe('the guides of clients', () => {
  test.each(CLIENTS.map((client) => [client.id, client] as const))('%s has the setting that the console shows', (id, client) => {
    const guide = read(`docs/guides/${id}.md`);
    expect(guide.startsWith(`# ${client.name}\n`)).toBe(true);
    for (const { where, language, text } of client.texts) {
      expect(guide).toContain(`\`\`\`${language}\n${text({ ...OF, models: [...OF.models] })}\n\`\`\``);
      expect(guide).toContain(where);
    }
  });

  test('are all in the index, which the README links', () => {
    const index = read('docs/guides/README.md');
    const pages = globSync('docs/guides/*.md', { cwd: repository }).map((file) => path.basename(file));
    expect(pages).toEqual(expect.arrayContaining([...CLIENTS.map(({ id }) => `${id}.md`), 'README.md']));
    // Other guides are for owners and developers.
    for (const page of pages.filter((one) => one !== 'README.md')) expect(index).toContain(`](${page})`);
    for (const { id, name } of CLIENTS) expect(index).toContain(`[${name}](${id}.md)`);
    expect(read('README.md')).toContain('docs/guides/README.md');
  });

  test('link only to pages that are there', () => {
    for (const file of globSync('docs/guides/*.md', { cwd: repository }))
      for (const [, target = ''] of read(file).matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g))
        expect([file, target, existsSync(path.join(repository, path.dirname(file), target))]).toEqual([file, target, true]);
  });
});
