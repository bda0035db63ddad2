import { askedTogether } from './lib/asked-together.ts';
import type { ConfigSource } from './proxy/snapshot.ts';
import * as stored from './store/config.ts';
import type { Database } from './store/database.ts';
import { openKey } from './store/key-seal.ts';

/** After a start everything is asked for at once; the connections are for others too. */
const TOGETHER = { namesMax: 200, loadsMax: 2 };

/** The store's queries as a snapshot asks them. `credentials`: what provider credentials are sealed with. */
export function configFrom(db: Database, credentials: Buffer, onUnreadable: stored.OnUnreadable): ConfigSource {
  const findKey = askedTogether(async (names) => {
    const found = await stored.findKeys(db, names.map(addressOf));
    return new Map(found.map((key) => [nameOf(key.organizationId, key.id), key]));
  }, TOGETHER);
  return {
    loadCatalogue: () => stored.loadCatalogue(db, (row) => openKey(credentials, row), onUnreadable),
    loadOrganization: askedTogether((ids) => stored.loadOrganizations(db, ids), TOGETHER),
    findKeyByHash: askedTogether((hashes) => stored.findKeysByHash(db, hashes), TOGETHER),
    findKey: (organizationId, keyId) => findKey(nameOf(organizationId, keyId)),
    versions: (scopes) => stored.configVersions(db, scopes),
  };
}

function nameOf(organizationId: string, keyId: string): string {
  return `${organizationId} ${keyId}`;
}

function addressOf(name: string): { readonly organizationId: string; readonly keyId: string } {
  const [organizationId = '', keyId = ''] = name.split(' ');
  return { organizationId, keyId };
}
