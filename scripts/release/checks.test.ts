import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { cleanCommit, releaseNotes, taggedCommit } from './checks.ts';
import { git, migrationsBefore, must } from './commands.ts';

const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

const MIGRATES = '### What migrates, and how long at ten million requests';
const row = (name: string) => `| \`${name}\` | – | below 1 s | – | yes |`;

/** Makes a repository with one released version and a migration since then. */
function history() {
  const root = mkdtempSync(path.join(tmpdir(), 'headgate-history-'));
  made.push(root);
  const write = (file: string, text: string) => {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  };
  const commit = (message: string) => {
    git(root, 'add', '--all');
    git(root, '-c', 'user.name=Test', '-c', 'user.email=test@headgate.invalid', 'commit', '--quiet', '--message', message);
  };
  git(root, 'init', '--quiet');
  write('server/src/store/migrations/0000_tables.sql', 'select 1;');
  write('docs/migrations.md', `${row('0000_tables')}\n`);
  write('CHANGELOG.md', `## 1.0.0 – 2026-01-31\n\n- It began.\n\n${MIGRATES}\n\n${row('0000_tables')}\n`);
  commit('One');
  git(root, 'tag', 'v1.0.0');
  write('server/src/store/migrations/0001_more.sql', 'select 1;');
  write('docs/migrations.md', `${row('0001_more')}\n${row('0000_tables')}\n`);
  write('CHANGELOG.md', `## 1.1.0 – 2026-11-28\n\n- It goes on.\n\n${MIGRATES}\n\n${row('0001_more')}\n`);
  commit('Two');
  return { root, write, commit };
}

describe('a release', () => {
  test('is of a commit, from which no file differs', () => {
    const { root, write } = history();
    expect(cleanCommit(root)).toBe(git(root, 'rev-parse', 'HEAD'));
    write('one', 'new');
    expect(() => cleanCommit(root)).toThrow('the tree is not clean: commit or remove one');
    write('CHANGELOG.md', '');
    expect(() => cleanCommit(root)).toThrow('the tree is not clean: commit or remove CHANGELOG.md (and 1 more)');
  });

  test('says what migrates since the release before, and the first one everything', () => {
    const { root, write } = history();
    expect(migrationsBefore(root, '1.1.0')).toEqual({ tag: 'v1.0.0', names: new Set(['0000_tables']) });
    expect(releaseNotes(root, '1.1.0')).toMatchObject({ since: 'v1.0.0', migrations: 1 });
    // Its own tag is not the release before.
    git(root, 'tag', 'v1.1.0');
    expect(migrationsBefore(root, '1.1.0').tag).toBe('v1.0.0');
    git(root, 'tag', '--delete', 'v1.0.0', 'v1.1.0');
    expect(migrationsBefore(root, '1.1.0')).toEqual({ tag: null, names: new Set() });
    expect(() => releaseNotes(root, '1.1.0')).toThrow('CHANGELOG.md, 1.1.0: the entry lacks the row of 0000_tables');
    write('CHANGELOG.md', '## Unreleased\n');
    expect(() => releaseNotes(root, '1.1.0')).toThrow('CHANGELOG.md has no entry for 1.1.0: npm run release -- --prepare=1.1.0');
  });

  test('has a tag on one commit', () => {
    const { root, commit, write } = history();
    expect(taggedCommit(root, '1.1.0')).toBeNull();
    git(root, 'tag', 'v1.1.0');
    write('one', 'new');
    commit('Three');
    expect(taggedCommit(root, '1.1.0')).toBe(git(root, 'rev-parse', 'HEAD~1'));
  });

  test('stops with the last line of a program that failed, and one that is not there', () => {
    expect(() => must(tmpdir(), 'node', ['--eval', 'console.error("first\\nlast"); process.exit(2)'])).toThrow(/ failed: last$/);
    expect(() => must(tmpdir(), 'headgate-no-such-program', ['x'])).toThrow(
      'headgate-no-such-program x failed: it could not be started',
    );
  });
});
