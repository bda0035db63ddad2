import type { Cloud } from '../domain/clouds.ts';
import type { Preset } from '../domain/presets/preset.ts';
import { batchedLookups } from '../lib/batched-lookups.ts';
import { hashSecret } from '../lib/secrets.ts';
import type { Clock } from '../lib/timing/clock.ts';
import type { ConfigSource } from '../proxy/snapshot/snapshot.ts';
import type { CredentialRow } from '../store/catalogue/credentials.ts';
import * as stored from '../store/configuration/config.ts';
import type { Database } from '../store/database.ts';
import type { Installation } from '../store/installation/installation.ts';
import { moveSecret } from '../store/sealing/peppers.ts';
import { openStored } from '../store/sealing/stored-credential.ts';

/** Limits of a batch. After a start every key is looked up at once, and other work needs connections too. */
const TOGETHER = { namesMax: 200, loadsMax: 2 };

type Keys = Pick<Installation, 'credentials' | 'pepper' | 'otherPepper'>;

interface ConfigOptions {
  /** The clouds whose machine identity credentials may use. */
  readonly ambientClouds: ReadonlySet<Cloud>;
  readonly clock: Clock;
  /** The presets of this version. */
  readonly presets: readonly Preset[];
  readonly onUnreadable: stored.OnUnreadable;
}

/** Returns the store's queries as the snapshot calls them. */
export function configFrom(
  db: Database,
  installation: Keys,
  { ambientClouds, clock, onUnreadable, presets }: ConfigOptions,
): ConfigSource {
  const opener = { key: installation.credentials, ambientClouds };
  const findKey = batchedLookups(async (names) => {
    const found = await stored.findKeys(db, names.map(addressOf));
    return new Map(found.map((key) => [nameOf(key.organizationId, key.id), key]));
  }, TOGETHER);
  const open = (row: CredentialRow) => openStored(row, opener, clock.nowMs());
  return {
    loadCatalogue: () => stored.loadCatalogue(db, open, onUnreadable, presets),
    loadOrganization: batchedLookups(
      (ids) => stored.loadOrganizations(db, ids, { open, onUnreadable, shipped: presets }),
      TOGETHER,
    ),
    findKeyBySecret: secretFinder(db, installation),
    findKey: (organizationId, keyId) => findKey(nameOf(organizationId, keyId)),
    versions: (scopes) => stored.configVersions(db, scopes),
  };
}

/**
 * Returns a function that finds a key by the hash of its secret. While the pepper is renewed a secret has two hashes. One
 * statement queries both, because a secret may move from one to the other between two statements. A key found under the old
 * pepper moves to the new one in the background.
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
    // If the move fails, it happens when another process looks up the key.
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
