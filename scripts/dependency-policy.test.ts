import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { isAllowedLicence, policyProblems } from './dependency-policy.ts';
import { type LockedPackage, readLockFile, readManifests } from './lock-file.ts';

const repository = path.dirname(import.meta.dirname);
const GOOD: LockedPackage = { version: '1.2.3', license: 'MIT', integrity: 'sha512-x' };
const problemsWith = (entry: object, place = 'node_modules/x') => policyProblems(new Map(), { [place]: { ...GOOD, ...entry } });

describe('what may be depended on', () => {
  test('is all that this tree depends on', () => {
    expect(policyProblems(readManifests(), readLockFile().packages)).toEqual([]);
    expect(readManifests().size).toBe(4);
  });

  test.each(['^1.2.3', '~1.2.3', '1.x', '1.2', '*', 'latest', '>=1.2.3', 'file:../x', 'git+https://x/y.git', 'npm:y@1.2.3', ''])(
    'has one exact version: not %s',
    (version) => {
      for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies'])
        expect(policyProblems(new Map([['package.json', { [kind]: { x: version } }]]), {})).toEqual([
          `package.json: x is "${version}", and must be one exact version`,
        ]);
    },
  );

  test('comes from the registry, with a checksum, and runs no script when it is installed', () => {
    expect(problemsWith({})).toEqual([]);
    expect(problemsWith({ integrity: undefined })).toEqual(['x 1.2.3: it comes from elsewhere than the registry']);
    expect(problemsWith({ resolved: 'git+ssh://git@example.com/x.git' })).toHaveLength(1);
    expect(problemsWith({ hasInstallScript: true })).toEqual(['x 1.2.3: it runs a script when it is installed']);
    // An exception holds for a package's own name at any place, not for that of a package around it.
    expect(problemsWith({ hasInstallScript: true }, 'node_modules/y/node_modules/esbuild')).toEqual([]);
    expect(problemsWith({ hasInstallScript: true }, 'node_modules/esbuild/node_modules/x')).toHaveLength(1);
    expect(problemsWith({ hasInstallScript: true, name: 'evil' }, 'node_modules/esbuild')).toHaveLength(1);
  });

  test('no script of a package is run by an install, also by one that somebody starts by hand', () => {
    expect(readFileSync(path.join(repository, '.npmrc'), 'utf8')).toMatch(/^ignore-scripts=true$/m);
    expect(readFileSync(path.join(repository, 'scripts/up.mjs'), 'utf8')).toContain("'--ignore-scripts'");
  });

  test('has a licence of the list', () => {
    for (const licence of [
      'MIT',
      '(MIT OR GPL-3.0)',
      'GPL-3.0 OR MIT',
      'MIT AND ISC AND BSD-3-Clause',
      '(MIT AND (GPL-3.0 OR ISC))',
    ])
      expect([licence, isAllowedLicence(licence)]).toEqual([licence, true]);
    for (const licence of [
      '',
      'GPL-3.0',
      'UNLICENSED',
      'SEE LICENSE IN x',
      'MIT AND GPL-3.0',
      'MIT OR',
      '(MIT',
      'MIT)',
      'MIT ISC',
      'OR MIT',
    ])
      expect([licence, isAllowedLicence(licence)]).toEqual([licence, false]);
    expect(problemsWith({ license: 'AGPL-3.0' })).toEqual(['x 1.2.3: its licence "AGPL-3.0" is not on the list']);
    expect(problemsWith({ license: undefined })).toHaveLength(1);
  });
});

/** Returns what knip, as `npm run check` calls it, reports for a small tree: a server that imports one of its packages. */
function unusedIn(dependencies: readonly string[]): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'headgate-knip-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const write = (file: string, value: unknown) => {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), typeof value === 'string' ? value : JSON.stringify(value));
  };
  const { workspaces } = JSON.parse(readFileSync(path.join(repository, 'knip.json'), 'utf8'));
  write('knip.json', { workspaces: { server: workspaces.server } });
  write('package.json', { name: 'tree', private: true, type: 'module', workspaces: ['server'] });
  write('server/package.json', {
    name: 'server',
    private: true,
    type: 'module',
    dependencies: Object.fromEntries(dependencies.map((name) => [name, '1.0.0'])),
  });
  write('server/src/main.ts', "import { z } from 'zod';\nconsole.log(z);\n");
  symlinkSync(path.join(repository, 'node_modules'), path.join(folder, 'node_modules'));
  const knip = path.join(repository, 'node_modules/knip/bin/knip.js');
  const run = spawnSync(process.execPath, [knip, '--no-progress', '--include', 'dependencies,unlisted'], {
    cwd: folder,
    encoding: 'utf8',
  });
  return `${run.status} ${run.stdout}${run.stderr}`;
}

test('a package that nobody imports fails the check, and so does an import that nobody lists', { timeout: 60_000 }, () => {
  expect(unusedIn(['zod'])).toMatch(/^0 /);
  expect(unusedIn(['zod', 'pino'])).toMatch(/^1 [\s\S]*Unused dependencies[\s\S]*pino/);
  expect(unusedIn([])).toMatch(/^1 [\s\S]*Unlisted dependencies[\s\S]*zod/);
});
