import { batchedLookups } from '../lib/batched-lookups.ts';
import { hashSecret } from '../lib/secrets.ts';
import type { ConfigSource } from '../proxy/snapshot/snapshot.ts';
import * as stored from '../store/configuration/config.ts';
import type { Database } from '../store/database.ts';
import type { Installation } from '../store/installation/installation.ts';
import { openKey } from '../store/sealing/key-seal.ts';
import { moveSecret } from '../store/sealing/peppers.ts';

/** After a start everything is asked for at once; the connections are for others too. */
const TOGETHER = { namesMax: 200, loadsMax: 2 };

type Keys = Pick<Installation, 'credentials' | 'pepper' | 'otherPepper'>;

/** The store's queries as a snapshot asks them. */
export function configFrom(db: Database, installation: Keys, onUnreadable: stored.OnUnreadable): ConfigSource {
  const findKey = batchedLookups(async (names) => {
    const found = await stored.findKeys(db, names.map(addressOf));
    return new Map(found.map((key) => [nameOf(key.organizationId, key.id), key]));
  }, TOGETHER);
  return {
    loadCatalogue: () => stored.loadCatalogue(db, (row) => openKey(installation.credentials, row), onUnreadable),
    loadOrganization: batchedLookups((ids) => stored.loadOrganizations(db, ids), TOGETHER),
    findKeyBySecret: secretFinder(db, installation),
    findKey: (organizationId, keyId) => findKey(nameOf(organizationId, keyId)),
    versions: (scopes) => stored.configVersions(db, scopes),
  };
}

/**
 * Finds a key by the hash of its secret. While the pepper is renewed there are two hashes: both are asked for in one statement, because a
 * secret may move from one to the other between two. One found under the pepper before moves to the present one; its request does not wait.
 */
function secretFinder(db: Database, { pepper, otherPepper }: Keys): ConfigSource['findKeyBySecret'] {
  const find = batchedLookups(async (names) => {
    const found = await stored.findKeysByHash(db, names.flatMap(hashesIn));
    return new Map(names.flatMap((name) => foundUnder(name, found)));
  }, TOGETHER);
  if (otherPepper === null) return (secret) => find(hashSecret(pepper, secret));
  return async (secret) => {
    const [hash, other] = [hashSecret(pepper, secret), hashSecret(otherPepper.pepper, secret)];
    const found = await find(`${hash} ${other}`);
    // What cannot be moved now moves when another process looks it up.
    if (found?.hash === other && otherPepper.is === 'before') moveSecret(db, other, { hash, pepper }).catch(() => {});
    return found;
  };
}

function hashesIn(name: string): readonly string[] {
  return name.split(' ');
}

function foundUnder(name: string, found: Awaited<ReturnType<typeof stored.findKeysByHash>>) {
  const hash = hashesIn(name).find((one) => found.has(one));
  const key = hash === undefined ? undefined : found.get(hash);
  return hash === undefined || key === undefined ? [] : [[name, { ...key, hash }] as const];
}

function nameOf(organizationId: string, keyId: string): string {
  return `${organizationId} ${keyId}`;
}

function addressOf(name: string): { readonly organizationId: string; readonly keyId: string } {
  const [organizationId = '', keyId = ''] = name.split(' ');
  return { organizationId, keyId };
}
