/** Presets that people added. Global, like the rest of the catalogue. */
import { and, asc, count, eq, isNull, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { credentials, deployments, presets } from '../schema.ts';

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

/** The number of credentials and deployments that name a provider. */
export interface PresetUse {
  readonly credentials: number;
  readonly deployments: number;
}

/** Counts what uses each provider, by its name. A provider that nothing uses is absent. */
export async function usage(db: Database): Promise<ReadonlyMap<string, PresetUse>> {
  const ofCredentials = await db
    .select({ provider: credentials.provider, total: count() })
    .from(credentials)
    .groupBy(credentials.provider);
  const ofDeployments = await db
    .select({ provider: deployments.provider, total: count() })
    .from(deployments)
    .where(isNull(deployments.deletedAt))
    .groupBy(deployments.provider);
  const used = new Map(ofCredentials.map(({ provider, total }) => [provider, { credentials: total, deployments: 0 }]));
  for (const { provider, total } of ofDeployments)
    used.set(provider, { credentials: used.get(provider)?.credentials ?? 0, deployments: total });
  return used;
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
