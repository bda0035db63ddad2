/** The catalogue for what only asks what can be granted: read anew when its version moved, which is one row instead of ten tables. */
import type { Catalogue } from '../../domain/routing/catalogue.ts';
import type { Database } from '../database.ts';
import { CATALOGUE_SCOPE, configVersions } from './config-versions.ts';
import { loadCatalogue, withoutSecret } from './load-catalogue.ts';

/** By database: a process has one, and tests have several. */
const known = new WeakMap<Database, Catalogue>();

/**
 * Returns the platform's catalogue without secrets, as it is now. Inside a transaction it is read each time, because what the
 * transaction itself changed may have no new version yet. Rejects with a StoreError.
 */
export async function knownCatalogue(db: Database): Promise<Catalogue> {
  // Only the handle of a transaction can roll back.
  if ('rollback' in db) return loadCatalogue(db, withoutSecret);
  const before = known.get(db);
  if (before !== undefined) {
    const version = (await configVersions(db, [CATALOGUE_SCOPE])).get(CATALOGUE_SCOPE);
    if (version === before.version) return before;
  }
  const catalogue = await loadCatalogue(db, withoutSecret);
  // Without a version a change cannot be told from none.
  if (catalogue.version > 0) known.set(db, catalogue);
  return catalogue;
}
