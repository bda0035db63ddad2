import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { isVersion, readVersion, versionProblems, writeVersion } from './versions.ts';

const repository = path.resolve(import.meta.dirname, '../..');
const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

const FILES = [
  ...['package.json', 'server/package.json', 'console/package.json', 'bench/package.json', 'package-lock.json'],
  ...['server/openapi.json', 'compose.yaml', 'deploy/Dockerfile', 'deploy/helm/headgate/Chart.yaml'],
];

function copy(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'headgate-versions-'));
  made.push(folder);
  for (const file of [...FILES, 'CHANGELOG.md']) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    cpSync(path.join(repository, file), path.join(folder, file));
  }
  return folder;
}

function edit(folder: string, file: string, change: (text: string) => string): void {
  const name = path.join(folder, file);
  writeFileSync(name, change(readFileSync(name, 'utf8')));
}

describe('the version', () => {
  test('is the same in the packages, the lock file, the contract, the image, compose.yaml, the chart and the changelog', () => {
    expect(versionProblems(repository)).toEqual([]);
  });

  test('is written to all of them at once, and to nothing else', () => {
    const folder = copy();
    writeVersion(folder, '7.8.9-rc.1');
    expect(readVersion(folder)).toBe('7.8.9-rc.1');
    expect(versionProblems(folder)).toEqual([]);
    const before = readVersion(repository);
    for (const file of FILES) {
      const [old, now] = [repository, folder].map((root) => readFileSync(path.join(root, file), 'utf8').split('\n'));
      const changed = (old ?? []).flatMap((line, at) => (line === now?.[at] ? [] : [[line, now?.[at]]]));
      expect(changed.length, file).toBe({ 'package-lock.json': 5, 'deploy/helm/headgate/Chart.yaml': 2 }[file] ?? 1);
      for (const [line, written] of changed) expect(written).toBe(line?.replace(before, '7.8.9-rc.1'));
    }
  });

  test.each(FILES.slice(1))('that is another one in %s is found', (file) => {
    const folder = copy();
    const before = readVersion(folder);
    edit(folder, file, (text) => {
      const at = text.search(new RegExp(`(?<=headgate:|version[":= ]+)${before.replaceAll('.', '\\.')}`, 'i'));
      return `${text.slice(0, at)}9.9.9${text.slice(at + before.length)}`;
    });
    expect(versionProblems(folder)).toEqual([`${file} says 9.9.9, and package.json says ${before}`]);
  });

  test('is missed where it is gone, and compared with the newest release in the changelog', () => {
    const folder = copy();
    const version = readVersion(folder);
    edit(folder, 'compose.yaml', (text) => text.replace(`headgate:${version}`, 'headgate'));
    edit(folder, 'CHANGELOG.md', (text) => text.replace('## Unreleased\n', '## Unreleased\n\n## 9.9.9 – 2026-01-31\n'));
    expect(versionProblems(folder)).toEqual([
      `compose.yaml says no version, and package.json says ${version}`,
      `the newest release in CHANGELOG.md is 9.9.9, and package.json says ${version}`,
    ]);
  });

  test('is a semantic one', () => {
    for (const good of ['0.1.0', '10.20.30', '1.0.0-rc.1']) expect(isVersion(good)).toBe(true);
    for (const bad of ['', '1', '1.2', 'v1.2.3', '1.2.3 ', '1.2.3/..', '1.2.3-']) expect(isVersion(bad)).toBe(false);
  });
});
