/** Presets that people added. Global, like the rest of the catalogue. */
import { and, asc, eq, ne, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { credentials, deployments, presets } from '../schema.ts';
import { PLATFORM } from './credentials.ts';

export type PresetRow = typeof presets.$inferSelect;
type Definition = PresetRow['definition'];

/** Lists all of them. There are at most `PRESETS_MAX`. */
export function all(db: Database): Promise<PresetRow[]> {
  return db.select().from(presets).orderBy(asc(presets.id));
}

export async function find(db: Database, id: string): Promise<PresetRow | null> {
  const [row] = await db.select().from(presets).where(eq(presets.id, id));
  return row ?? null;
}

/** Finds a preset, and locks its row until the transaction ends. */
export async function lock(tx: Database, id: string): Promise<PresetRow | null> {
  const [row] = await tx.select().from(presets).where(eq(presets.id, id)).for('update');
  return row ?? null;
}

/** Inserts a preset. Throws UniqueViolation of `presets_pkey` if the id is taken. */
export async function insert(tx: Database, id: string, definition: Definition, at: Date): Promise<PresetRow> {
  const [row] = await tx.insert(presets).values({ id, definition, createdAt: at, updatedAt: at }).returning();
  return row as PresetRow;
}

/** Updates a preset and increments its version. */
export async function update(tx: Database, id: string, definition: Definition, at: Date): Promise<PresetRow> {
  const [row] = await tx
    .update(presets)
    .set({ definition, version: sql`${presets.version} + 1`, updatedAt: at })
    .where(eq(presets.id, id))
    .returning();
  return row as PresetRow;
}

export async function remove(tx: Database, id: string): Promise<void> {
  await tx.delete(presets).where(eq(presets.id, id));
}

/** The number of credentials and deployments that name a provider: the platform's, and those that organizations brought. */
export interface PresetUse {
  readonly credentials: number;
  readonly deployments: number;
  readonly ownCredentials: number;
}

/** Counts what uses each provider, by its name. A provider that nothing uses is absent. */
export async function usage(db: Database): Promise<ReadonlyMap<string, PresetUse>> {
  const { rows } = await db.execute<{ provider: string; credentials: string; deployments: string; own: string }>(sql`
    select provider, sum(credentials)::text as credentials, sum(deployments)::text as deployments, sum(own)::text as own from (
      select provider, count(*) filter (where owner = '') as credentials, 0 as deployments,
        count(*) filter (where owner <> '') as own from ${credentials} group by provider
      union all
      select provider, 0, count(*), 0 from ${deployments} where deleted_at is null and owner = '' group by provider
    ) as each group by provider`);
  return new Map(
    rows.map((row) => [
      row.provider,
      { credentials: Number(row.credentials), deployments: Number(row.deployments), ownCredentials: Number(row.own) },
    ]),
  );
}

/** Lists the organizations with an own credential of a provider: their requests read the preset with it. */
export async function ownersOf(db: Database, provider: string): Promise<readonly string[]> {
  const rows = await db
    .selectDistinct({ owner: credentials.owner })
    .from(credentials)
    .where(and(eq(credentials.provider, provider), ne(credentials.owner, PLATFORM)));
  return rows.map(({ owner }) => owner);
}

/** Gives the credentials that have a preset's address its new one, of the same origin. Others keep the address of their own. */
export async function moveCredentials(
  tx: Database,
  { provider, from, to }: { readonly provider: string; readonly from: string; readonly to: string },
  at: Date,
): Promise<void> {
  await tx
    .update(credentials)
    .set({ baseUrl: to, version: sql`${credentials.version} + 1`, updatedAt: at })
    .where(and(eq(credentials.provider, provider), eq(credentials.baseUrl, from)));
}
