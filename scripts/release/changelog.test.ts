import { describe, expect, test } from 'vitest';
import { entryOf, entryProblems, releasedChangelog } from './changelog.ts';

const PAGE = `# Migrations

| migration | takes longer with more rows | at 10 million | jobs that follow | way back |
|---|---|---|---|---|
| \`0002_more\` | index of \`ledger\` | about 25 s | – | yes |
| \`0001_tables\` | – | below 1 s | – | no |
`;
const CHANGES = '# Changes\n\nNewest first.\n\n## Unreleased\n\n- **One thing** is new.\n- So is another.\n';
const OLDER =
  '\n## 0.9.0 – 2026-01-01\n\n- It began.\n\n### What migrates, and how long at ten million requests\n\nNothing migrates.\n';
const FIRST = new Set<string>();
const at = { version: '1.0.0', date: '2026-11-28', page: PAGE };

describe('an entry of the changelog', () => {
  test('is made of the unreleased changes and the migrations since the release before, and passes', () => {
    const written = releasedChangelog(CHANGES + OLDER, { ...at, before: new Set(['0001_tables']) }) as string;
    expect(written).toContain('## Unreleased\n\n## 1.0.0 – 2026-11-28\n\n- **One thing** is new.');
    expect(written.endsWith(OLDER)).toBe(true);
    const entry = entryOf(written, '1.0.0') as string;
    expect(entry).toContain('| `0002_more` | index of `ledger` | about 25 s | – | yes |');
    expect(entry).not.toContain('0001_tables');
    expect(entryProblems(entry, PAGE, new Set(['0001_tables']))).toEqual([]);
    // The same entry is wrong for who comes from nothing.
    expect(entryProblems(entry, PAGE, FIRST)).toEqual(['the entry lacks the row of 0001_tables as docs/migrations.md has it']);
  });

  test('says that nothing migrates, where nothing does', () => {
    const all = new Set(['0001_tables', '0002_more']);
    const entry = entryOf(releasedChangelog(CHANGES, { ...at, before: all }) as string, '1.0.0') as string;
    expect(entry).toContain('Nothing migrates.');
    expect(entryProblems(entry, PAGE, all)).toEqual([]);
    expect(entryProblems(entry.replace('Nothing migrates.', ''), PAGE, all)).toEqual([
      'nothing migrates, and the entry does not say "Nothing migrates."',
    ]);
  });

  test('is refused without its section, without changes, or with a time that is no longer so', () => {
    const entry = entryOf(releasedChangelog(CHANGES, { ...at, before: FIRST }) as string, '1.0.0') as string;
    expect(entryProblems(entry, PAGE, FIRST)).toEqual([]);
    expect(entryProblems('- One thing.', PAGE, FIRST)).toEqual([
      'the entry has no section "What migrates, and how long at ten million requests"',
    ]);
    expect(entryProblems(entry.slice(entry.indexOf('### ')), PAGE, FIRST)).toEqual(['the entry names no change']);
    expect(entryProblems(entry, PAGE.replace('about 25 s', 'about 90 s'), FIRST)).toEqual([
      'the entry lacks the row of 0002_more as docs/migrations.md has it',
    ]);
  });

  test('is not made twice, and not of nothing', () => {
    const once = releasedChangelog(CHANGES, { ...at, before: FIRST }) as string;
    expect(releasedChangelog(once, { ...at, before: FIRST })).toEqual({ problem: 'CHANGELOG.md has an entry for 1.0.0 already' });
    expect(releasedChangelog(once, { ...at, version: '1.1.0', before: FIRST })).toEqual({
      problem: 'CHANGELOG.md has no unreleased changes',
    });
  });

  test('is that of the whole version', () => {
    expect(entryOf('## 1.0.0-rc.1 – x\n\na\n\n## 1.0.0\n\nb\n', '1.0.0')).toBe('b');
    expect(entryOf('## 1.0.0\n\nb\n', '1.0')).toBeNull();
  });
});
