/** Models: public names, each served by every deployment with that name. Global. */
import { eq, inArray, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { storedStrategy, withStrategy } from '../schema/strategy-columns.ts';
import { models } from '../schema.ts';

export type ModelRow = ReturnType<typeof withStrategy<typeof models.$inferSelect>>;
type NewModel = Pick<ModelRow, 'name'> & Partial<ModelRow>;

export async function find(db: Database, name: string): Promise<ModelRow | null> {
  const [row] = await findMany(db, [name]);
  return row ?? null;
}

/** Returns those of these models that exist, in no order. */
export async function findMany(db: Database, names: readonly string[]): Promise<readonly ModelRow[]> {
  if (names.length === 0) return [];
  const rows = await db
    .select()
    .from(models)
    .where(inArray(models.name, [...names]));
  return rows.map(withStrategy);
}

/** Inserts a model. Claim its name first. */
export async function insert(tx: Database, row: NewModel): Promise<ModelRow> {
  const [inserted] = await tx.insert(models).values(storedStrategy(row)).returning();
  return withStrategy(inserted as typeof models.$inferSelect);
}

/** Updates a model and increments its version. */
export async function update(tx: Database, name: string, changes: Partial<ModelRow>, at: Date): Promise<ModelRow> {
  const [row] = await tx
    .update(models)
    .set({ ...storedStrategy(changes), version: sql`${models.version} + 1`, updatedAt: at })
    .where(eq(models.name, name))
    .returning();
  return withStrategy(row as typeof models.$inferSelect);
}

export async function remove(tx: Database, name: string): Promise<void> {
  await tx.delete(models).where(eq(models.name, name));
}
