/** The managed settings of Claude Code, of organizations and teams. */
import { and, eq, inArray, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { managedSettings } from '../schema.ts';

export type ManagedSettingsRow = typeof managedSettings.$inferSelect;

/** An organization (`teamId` empty) or one of its teams. */
export interface SettingsPlace {
  readonly organizationId: string;
  readonly teamId: string;
}

export async function find(db: Database, place: SettingsPlace): Promise<ManagedSettingsRow | null> {
  const [row] = await db.select().from(managedSettings).where(at(place));
  return row ?? null;
}

export async function lock(tx: Database, place: SettingsPlace): Promise<ManagedSettingsRow | null> {
  const [row] = await tx.select().from(managedSettings).where(at(place)).for('update');
  return row ?? null;
}

/** Returns the settings of an organization and of a team in it; null for each that has none. */
export async function findBoth(
  db: Database,
  { organizationId, teamId }: SettingsPlace,
): Promise<{ readonly organization: ManagedSettingsRow | null; readonly team: ManagedSettingsRow | null }> {
  const rows = await db
    .select()
    .from(managedSettings)
    .where(and(eq(managedSettings.organizationId, organizationId), inArray(managedSettings.teamId, ['', teamId])));
  const of = (id: string) => rows.find((row) => row.teamId === id) ?? null;
  return { organization: of(''), team: of(teamId) };
}

export async function put(
  tx: Database,
  place: SettingsPlace,
  { settings, by, now }: { readonly settings: Readonly<Record<string, unknown>>; readonly by: string; readonly now: Date },
): Promise<ManagedSettingsRow> {
  const [row] = await tx
    .insert(managedSettings)
    .values({ ...place, settings, updatedBy: by, createdAt: now, updatedAt: now })
    .onConflictDoUpdate({
      target: [managedSettings.organizationId, managedSettings.teamId],
      set: { settings, updatedBy: by, updatedAt: now, version: sql`${managedSettings.version} + 1` },
    })
    .returning();
  return row as ManagedSettingsRow;
}

export async function remove(tx: Database, place: SettingsPlace): Promise<void> {
  await tx.delete(managedSettings).where(at(place));
}

function at({ organizationId, teamId }: SettingsPlace) {
  return and(eq(managedSettings.organizationId, organizationId), eq(managedSettings.teamId, teamId));
}
