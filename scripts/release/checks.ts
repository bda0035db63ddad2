// Checks that come before anything is built: the tree, the version, the changelog, generated files, and the tests.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { entryOf, entryProblems } from './changelog.ts';
import { git, migrationsBefore, must, ReleaseStopped, run } from './commands.ts';
import { readVersion, versionProblems } from './versions.ts';

/** Returns the commit. Throws if files differ from it. */
export function cleanCommit(root: string): string {
  const changed = git(root, 'status', '--porcelain').split('\n').filter(Boolean);
  if (changed.length > 0)
    throw new ReleaseStopped(`the tree is not clean: commit or remove ${changed[0]?.slice(2).trim()}${more(changed)}`);
  return git(root, 'rev-parse', 'HEAD');
}

/** Returns the version. Throws if a file says another one, or if its tag is on another commit. */
export function agreedVersion(root: string, commit: string): string {
  const problems = versionProblems(root);
  if (problems.length > 0) throw new ReleaseStopped(`${problems[0]}${more(problems)}: npm run release -- --prepare=<version>`);
  const version = readVersion(root);
  const tagged = taggedCommit(root, version);
  if (tagged !== null && tagged !== commit)
    throw new ReleaseStopped(
      `v${version} is the tag of another commit, ${tagged.slice(0, 12)}: a release needs a version of its own`,
    );
  return version;
}

/** Returns the commit of the version's tag, or null if there is none. */
export function taggedCommit(root: string, version: string): string | null {
  const { status, stdout } = run(root, 'git', ['rev-parse', '--quiet', '--verify', `refs/tags/v${version}^{commit}`]);
  return status === 0 ? stdout.trim() : null;
}

export interface Notes {
  readonly entry: string;
  readonly migrations: number;
  /** The tag of the release before, or null for the first one. */
  readonly since: string | null;
}

/** Returns the version's entry in CHANGELOG.md. Throws if it is missing, or lacks what migrates since the release before. */
export function releaseNotes(root: string, version: string): Notes {
  const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
  const entry = entryOf(read('CHANGELOG.md'), version);
  if (entry === null)
    throw new ReleaseStopped(`CHANGELOG.md has no entry for ${version}: npm run release -- --prepare=${version} writes it`);
  const { tag, names } = migrationsBefore(root, version);
  const page = read('docs/migrations.md');
  const problems = entryProblems(entry, page, names);
  if (problems.length > 0) throw new ReleaseStopped(`CHANGELOG.md, ${version}: ${problems[0]}${more(problems)}`);
  const migrations = [...page.matchAll(/^\| `(\w+)` \|/gm)].filter(([, name = '']) => !names.has(name)).length;
  return { entry, migrations, since: tag };
}

const GENERATED: readonly (readonly string[])[] = [
  ['server/src/cli/generate-openapi.ts', '--check'],
  ['scripts/migrations-page.ts', '--check'],
  ['scripts/translation-page.ts', '--check'],
  ['scripts/capabilities-page.ts', '--check'],
  ['scripts/roles-page.ts', '--check'],
  ['scripts/promises.ts', '--check'],
];

/** Throws if a generated file is not what would be generated. Returns how many generators were compared. */
export function mustNotDrift(root: string): number {
  for (const command of GENERATED) must(root, process.execPath, command);
  return GENERATED.length;
}

interface Passed {
  readonly commit: string;
  readonly check: string;
  readonly tests: string;
}

const PASSED = 'node_modules/.cache/headgate/release-passed.json';

/** Runs the checks and the tests, unless they passed for this commit before. Returns the last line of each. Throws if one fails. */
export function mustPass(root: string, commit: string): readonly string[] {
  const before = passedBefore(root);
  if (before?.commit === commit)
    return [`${before.check} (before, for this commit)`, `${before.tests} (before, for this commit)`];
  const lastLine = (verb: string) => must(root, 'npm', ['run', '--silent', verb]).split('\n').at(-1) ?? '';
  const passed: Passed = { commit, check: lastLine('check'), tests: lastLine('test') };
  mkdirSync(path.dirname(path.join(root, PASSED)), { recursive: true });
  writeFileSync(path.join(root, PASSED), JSON.stringify(passed));
  return [passed.check, passed.tests];
}

function passedBefore(root: string): Passed | null {
  try {
    return JSON.parse(readFileSync(path.join(root, PASSED), 'utf8')) as Passed;
  } catch {
    return null;
  }
}

function more(list: readonly string[]): string {
  return list.length > 1 ? ` (and ${list.length - 1} more)` : '';
}
