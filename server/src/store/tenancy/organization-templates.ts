/** Templates of organizations. Global, of the platform. */
import { eq, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { type Listed, listNamed, named, type PageRequest } from '../named-list.ts';
import { organizationTemplates } from '../schema.ts';

export type TemplateRow = typeof organizationTemplates.$inferSelect;

export async function find(db: Database, id: string): Promise<TemplateRow | null> {
  const [row] = await db.select().from(organizationTemplates).where(eq(organizationTemplates.id, id));
  return row ?? null;
}

/** Finds a template, and locks its row until the transaction ends. */
export async function lock(tx: Database, id: string): Promise<TemplateRow | null> {
  const [row] = await tx.select().from(organizationTemplates).where(eq(organizationTemplates.id, id)).for('update');
  return row ?? null;
}

/** Inserts a template. Throws UniqueViolation of `organization_templates_name` if the name is taken, in any case. */
export async function insert(tx: Database, row: typeof organizationTemplates.$inferInsert): Promise<TemplateRow> {
  const [inserted] = await tx.insert(organizationTemplates).values(row).returning();
  return inserted as TemplateRow;
}

/** Updates a template and increments its version. */
export async function update(
  tx: Database,
  id: string,
  changes: Partial<typeof organizationTemplates.$inferInsert>,
  at: Date,
): Promise<TemplateRow> {
  const [row] = await tx
    .update(organizationTemplates)
    .set({ ...changes, version: sql`${organizationTemplates.version} + 1`, updatedAt: at })
    .where(eq(organizationTemplates.id, id))
    .returning();
  return row as TemplateRow;
}

export async function remove(tx: Database, id: string): Promise<void> {
  await tx.delete(organizationTemplates).where(eq(organizationTemplates.id, id));
}

export async function total(db: Database): Promise<number> {
  return db.$count(organizationTemplates);
}

export function list(db: Database, search: string | undefined, page: PageRequest): Promise<Listed<TemplateRow>> {
  const wanted = [named(organizationTemplates, search)];
  return listNamed(db, organizationTemplates, { list: 'organization_templates', wanted, page });
}
