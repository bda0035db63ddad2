/** Vendors' own lists of models, as they were last read with each credential. */
import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { deployments, listedModels, modelLists } from '../schema.ts';
import type { CredentialRow } from './credentials.ts';
import type { NamedModel } from './known-models.ts';

export type ModelListRow = typeof modelLists.$inferSelect;

/** The most names that are kept of one list, beside those that deployments use. */
export const KEPT_MAX = 10_000;

/** Returns the address of a credential as one text: a list that was read at another one says nothing about it. */
function placeOf({ baseUrl, settings }: CredentialRow): string {
  return JSON.stringify([baseUrl, Object.entries(settings).sort()]);
}

/** Returns the last reading with a credential at its present address. Null: there is none. */
export async function find(db: Database, credential: CredentialRow): Promise<ModelListRow | null> {
  const [row] = await db.select().from(modelLists).where(eq(modelLists.credentialId, credential.id));
  return row === undefined || row.place !== placeOf(credential) ? null : row;
}

/** Returns the names of a list that are kept. */
export async function namesOf(db: Database, credentialId: string): Promise<readonly string[]> {
  const rows = await db
    .select({ name: listedModels.upstreamModel })
    .from(listedModels)
    .where(eq(listedModels.credentialId, credentialId));
  return rows.map(({ name }) => name);
}

interface Reading {
  readonly at: Date;
  readonly by: string;
}

/**
 * Replaces the list of a credential. Keeps the names that are in `used`, and of the others the first in order. Throws
 * ForeignKeyViolation if the credential is gone.
 */
export async function replace(
  tx: Database,
  credential: CredentialRow,
  list: { readonly names: readonly string[]; readonly unusable: number; readonly isCut: boolean },
  { used, at, by }: Reading & { readonly used: ReadonlySet<string> },
): Promise<void> {
  const others = list.names.filter((name) => !used.has(name)).sort();
  const kept = [...list.names.filter((name) => used.has(name)), ...others.slice(0, KEPT_MAX)];
  const isCut = list.isCut || others.length > KEPT_MAX;
  const row = { place: placeOf(credential), readAt: at, readBy: by, failedAt: null, failure: null };
  const counts = { listed: list.names.length, unusable: list.unusable, isCut };
  await tx
    .insert(modelLists)
    .values({ credentialId: credential.id, ...row, ...counts })
    .onConflictDoUpdate({ target: modelLists.credentialId, set: { ...row, ...counts } });
  await tx.delete(listedModels).where(eq(listedModels.credentialId, credential.id));
  await tx.execute(sql`insert into ${listedModels} (credential_id, upstream_model)
    select ${credential.id}, name from unnest(${sql.param(kept)}::text[]) as kept(name)`);
}

/** Notes an attempt that failed. The list that was read before stays, unless it was that of another address. */
export async function noteFailure(
  tx: Database,
  credential: CredentialRow,
  { at, by, failure }: Reading & { readonly failure: string },
): Promise<void> {
  const place = placeOf(credential);
  const failed = { failedAt: at, failure };
  const [stored] = await tx
    .select({ place: modelLists.place })
    .from(modelLists)
    .where(eq(modelLists.credentialId, credential.id));
  if (stored !== undefined && stored.place !== place)
    await tx.delete(modelLists).where(eq(modelLists.credentialId, credential.id));
  await tx
    .insert(modelLists)
    .values({ credentialId: credential.id, place, readBy: by, ...failed })
    .onConflictDoUpdate({ target: modelLists.credentialId, set: failed });
}

/** Returns the deployments that use a credential, oldest first. */
export async function deploymentsWith(db: Database, credentialId: string) {
  return db
    .select({ id: deployments.id, upstreamModel: deployments.upstreamModel, updatedAt: deployments.updatedAt })
    .from(deployments)
    .where(and(eq(deployments.credentialId, credentialId), isNull(deployments.deletedAt)))
    .orderBy(deployments.id);
}

/** Returns when each of these models was last found in a vendor's list, by its provider and name. Models in no list are absent. */
export async function lastListed(
  db: Database,
  names: readonly NamedModel[],
): Promise<readonly (NamedModel & { at: Date; lists: number })[]> {
  if (names.length === 0) return [];
  const { rows } = await db.execute<{ provider: string; model: string; at: string; lists: string }>(sql`
    select c.provider, l.upstream_model as model, max(m.read_at) as at, count(*) as lists
    from listed_models l join model_lists m on m.credential_id = l.credential_id join credentials c on c.id = l.credential_id
    where l.upstream_model = any(${sql.param(names.map(({ upstreamModel }) => upstreamModel))}::text[]) and m.read_at is not null
    group by 1, 2`);
  return rows.map(({ provider, model, at, lists }) => ({
    ...{ provider, upstreamModel: model, at: new Date(at), lists: Number(lists) },
  }));
}
