import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type LockedPackage, type LockFile, readLockFile } from './lock-file.ts';
import { packFolder, readPublishedManifest } from './pack.ts';
import { shrinkwrapOf } from './shrinkwrap.ts';

const lockFile = readLockFile();
const manifest = readPublishedManifest();
const shrinkwrap = shrinkwrapOf(lockFile, manifest);
const entries = Object.entries(shrinkwrap.packages as Readonly<Record<string, LockedPackage>>).filter(([place]) => place !== '');

describe('the lock file of the package', () => {
  test('names versions and checksums of package-lock.json, and no registry', () => {
    for (const [place, { version, integrity, resolved }] of entries) {
      const { version: locked, integrity: checksum } = lockFile.packages[place] as LockedPackage;
      expect({ place, version, integrity, resolved }).toEqual({
        ...{ place, version: locked, integrity: checksum, resolved: undefined },
      });
      expect(integrity).toMatch(/^sha512-/);
    }
    expect(JSON.stringify(shrinkwrap)).not.toMatch(/"resolved"|https?:\/\/registry\./);
  });

  test('contains what runs, and nothing that only development or the build of the console needs', () => {
    const places = entries.map(([place]) => place);
    for (const name of Object.keys(manifest.dependencies)) expect(places).toContain(`node_modules/${name}`);
    for (const name of ['vitest', 'typescript', 'react', 'vite', 'knip']) expect(places).not.toContain(`node_modules/${name}`);
    const optional = entries.filter(([, entry]) => (entry as { optional?: boolean }).optional).map(([place]) => place);
    for (const name of Object.keys(manifest.optionalDependencies)) expect(optional).toContain(`node_modules/${name}`);
    expect(optional).not.toContain('node_modules/fastify');
    expect(entries.filter(([, entry]) => 'dev' in entry || 'link' in entry)).toEqual([]);
  });

  test('begins at the server, whose own packages move up if there is room', () => {
    const of = (version: string, more: object = {}) => ({ version, integrity: `sha512-${version}`, ...more });
    const locked = (packages: object) => ({ name: 'headgate', version: '1.0.0', packages }) as unknown as LockFile;
    const server = { dependencies: { one: '1.0.0', two: '1.0.0' } };
    const base = {
      server,
      'node_modules/two': of('1.0.0', { dependencies: { one: '1.0.0' } }),
      'server/node_modules/one': of('1.0.0'),
    };
    const moved = shrinkwrapOf(locked({ ...base, 'node_modules/two': of('1.0.0') }), manifest).packages;
    expect(Object.keys(moved)).toEqual(['', 'node_modules/one', 'node_modules/two']);
    // Here `two` needs another `one` than the server does.
    expect(() => shrinkwrapOf(locked({ ...base, 'node_modules/one': of('2.0.0') }), manifest)).toThrow(
      'two versions of node_modules/one',
    );
    expect(() => shrinkwrapOf(locked({ ...base, 'server/node_modules/one': { version: '1.0.0' } }), manifest)).toThrow(
      'no checksum of server/node_modules/one',
    );
  });
});

/** A registry of one package, which says of it what npm's says of a package with such a lock file. */
class OnePackage {
  readonly #server: Server;
  base = '';

  constructor(tarball: Buffer) {
    const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
    const { name, version } = manifest;
    this.#server = createServer(({ url }, response) => {
      if (url === '/package.tgz') return void response.end(tarball);
      if (url !== `/${name}`) return void response.writeHead(404).end('{}');
      const published = { ...manifest, _hasShrinkwrap: true, dist: { tarball: `${this.base}/package.tgz`, integrity } };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ name, 'dist-tags': { latest: version }, versions: { [version]: published } }));
    });
  }

  async open(): Promise<string> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    this.base = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this.base;
  }

  close(): void {
    this.#server.close();
  }
}

describe('npm, asked to install the package', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'headgate-shrinkwrap-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('resolves exactly the versions of the lock file, and needs no registry to know them', async () => {
    const built = path.join(folder, 'package');
    mkdirSync(path.join(built, 'server/bin'), { recursive: true });
    mkdirSync(path.join(folder, 'place'));
    writeFileSync(path.join(built, 'package.json'), JSON.stringify(manifest));
    writeFileSync(path.join(built, 'npm-shrinkwrap.json'), JSON.stringify(shrinkwrap));
    writeFileSync(path.join(built, 'server/bin/headgate.mjs'), '');
    const registry = new OnePackage(readFileSync(packFolder(built, folder)));
    const flags = [
      `--registry=${await registry.open()}`,
      `--cache=${path.join(folder, 'cache')}`,
      '--no-audit',
      '--fetch-retries=0',
    ];
    writeFileSync(path.join(folder, 'place/package.json'), '{"private": true}');
    const npm = spawn('npm', ['install', 'headgate', '--package-lock-only', ...flags], {
      cwd: path.join(folder, 'place'),
      shell: process.platform === 'win32',
    });
    const [code] = await once(npm, 'exit');
    registry.close();
    expect(code).toBe(0);
    const { packages } = JSON.parse(readFileSync(path.join(folder, 'place/package-lock.json'), 'utf8')) as LockFile;
    const inside = 'node_modules/headgate/';
    const resolved = Object.entries(packages).filter(([place]) => place !== '' && place !== 'node_modules/headgate');
    expect(new Set(resolved.map(([place, { version, integrity }]) => `${place} ${version} ${integrity}`))).toEqual(
      new Set(entries.map(([place, { version, integrity }]) => `${inside}${place} ${version} ${integrity}`)),
    );
  }, 60_000);
});
