import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const repository = path.dirname(import.meta.dirname);
const NOWHERE = 'http://127.0.0.1:9';
const made: string[] = [];

afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** Creates a checkout with only the files that up.mjs reads, and a verb that prints its Node and its arguments. */
function checkout(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'headgate-up-'));
  made.push(folder);
  const manifest = JSON.parse(readFileSync(path.join(repository, 'package.json'), 'utf8')) as { workspaces: string[] };
  for (const workspace of manifest.workspaces) mkdirSync(path.join(folder, workspace));
  for (const file of [
    'package.json',
    'package-lock.json',
    '.npmrc',
    ...manifest.workspaces.map((name) => `${name}/package.json`),
    'scripts/up.mjs',
    'scripts/console-built.mjs',
  ]) {
    cpSync(path.join(repository, file), path.join(folder, file));
  }
  writeFileSync(path.join(folder, 'scripts/test.ts'), 'console.log(process.version, process.argv.slice(2).join());');
  mkdirSync(path.join(folder, 'server/src'));
  mkdirSync(path.join(folder, 'server/bin'));
  writeFileSync(path.join(folder, 'server/bin/faster-start.mjs'), '');
  writeFileSync(path.join(folder, 'server/src/main.ts'), 'console.log("demo", process.env.HEADGATE_DEMO);');
  return folder;
}

function up(folder: string, args: string[], env: Record<string, string> = {}) {
  const { HEADGATE_DEMO: _, ...rest } = process.env;
  const result = spawnSync(process.execPath, [path.join(folder, 'scripts/up.mjs'), ...args], {
    encoding: 'utf8',
    env: { ...rest, npm_config_registry: NOWHERE, npm_config_cache: path.join(folder, 'cache'), ...env },
  });
  return { status: result.status, stdout: result.stdout.trim(), stderr: result.stderr.trim().split('\n') };
}

describe('without packages', () => {
  test('a registry out of reach is one clear line and a failure, and no stack', () => {
    const result = up(checkout(), ['start']);
    expect(result.status).toBe(1);
    expect(result.stderr).toHaveLength(2); // One line says that it installs, one why it failed.
    expect(result.stderr[1]).toMatch(/^Packages are not installed: the npm registry cannot be reached \(\w+\)\./);
  });

  test('a lock file that does not fit the manifests is refused, and says so', () => {
    const folder = checkout();
    const file = path.join(folder, 'package.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"vitest": "', '"vitest": "0.0.'));
    const result = up(folder, ['test']);
    expect(result.status).toBe(1);
    expect(result.stderr).toEqual([expect.stringContaining('package-lock.json does not fit')]);
  });
});

describe('with packages that are all there', () => {
  const folder = checkout();
  symlinkSync(path.join(repository, 'node_modules'), path.join(folder, 'node_modules'));

  test('no registry is needed, the verb runs on the pinned Node, and its arguments reach it', () => {
    expect(up(folder, ['test', 'one', '--two'])).toMatchObject({ status: 0, stdout: 'v26.10.0 one,--two' });
  });

  test('the first start turns the demo on, and only the first', () => {
    const data = path.join(folder, 'elsewhere');
    expect(up(folder, ['start']).stdout).toBe('demo on');
    expect(up(folder, ['start'], { HEADGATE_DEMO: 'off' }).stdout).toBe('demo off');
    mkdirSync(data);
    writeFileSync(path.join(data, 'journal'), '');
    expect(up(folder, ['start'], { HEADGATE_DATA_DIR: data }).stdout).toBe('demo undefined');
    expect(up(folder, ['start', '--data-dir', data]).stdout).toBe('demo undefined');
  });

  test('the console’s types are made of the contract, and again only when it changed', () => {
    const types = path.join(folder, 'console/src/api/schema.d.ts');
    mkdirSync(path.dirname(types), { recursive: true });
    writeFileSync(path.join(folder, 'console/index.html'), '');
    writeFileSync(path.join(folder, 'scripts/check.ts'), 'console.log("checked");');
    const checkedWith = (route: string) => {
      const contract = { openapi: '3.1.0', info: { title: 'One', version: '1' }, paths: { [route]: { get: { responses: {} } } } };
      writeFileSync(path.join(folder, 'server/openapi.json'), JSON.stringify(contract));
      expect(up(folder, ['check'])).toMatchObject({ status: 0, stdout: 'checked' });
      return readFileSync(types, 'utf8');
    };
    const made = checkedWith('/one');
    expect(made).toContain('"/one": {');
    writeFileSync(types, `${made}// Left alone.`);
    expect(checkedWith('/one')).toBe(`${made}// Left alone.`);
    expect(checkedWith('/two')).toContain('"/two": {');
  }, 60_000);

  test('an unknown verb installs nothing and lists the known ones', () => {
    const empty = checkout();
    expect(up(empty, ['constructor'])).toMatchObject({ status: 1, stderr: [expect.stringContaining('start|')] });
    expect(existsSync(path.join(empty, 'node_modules'))).toBe(false);
  });
});
