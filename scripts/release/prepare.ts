// Prepares a release: the version everywhere, and its entry in CHANGELOG.md.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { releasedChangelog } from './changelog.ts';
import { migrationsBefore, ReleaseStopped } from './commands.ts';
import { writeVersion } from './versions.ts';

/** Writes the version and the entry. Throws if there is an entry of it, or no change to release. `date`: of the entry, `2026-01-31`. */
export function prepareRelease(root: string, version: string, date: string): void {
  const file = path.join(root, 'CHANGELOG.md');
  const before = migrationsBefore(root, version).names;
  const page = readFileSync(path.join(root, 'docs/migrations.md'), 'utf8');
  const changelog = releasedChangelog(readFileSync(file, 'utf8'), { version, date, page, before });
  if (typeof changelog !== 'string') throw new ReleaseStopped(changelog.problem);
  writeVersion(root, version);
  writeFileSync(file, changelog);
}
