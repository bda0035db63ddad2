/** The changes that the SCIM endpoint refused lately. */
import { and, desc, eq, sql } from 'drizzle-orm';
import { newId } from '../../lib/id.ts';
import type { Database } from '../database.ts';
import { scimRefusals } from '../schema.ts';

export type ScimRefusalRow = typeof scimRefusals.$inferSelect;

/** The most refusals that an organization keeps. The oldest go first. */
export const REFUSALS_MAX = 200;

/** Stores a refusal, or counts it once more if it is the same as an earlier one. */
export async function note(
  db: Database,
  refusal: Pick<ScimRefusalRow, 'organizationId' | 'resource' | 'method' | 'subject' | 'status' | 'detail'>,
  now: Date,
): Promise<void> {
  await db
    .insert(scimRefusals)
    .values({ ...refusal, id: newId('scim', now.getTime()), firstAt: now, lastAt: now })
    .onConflictDoUpdate({
      target: [
        scimRefusals.organizationId,
        scimRefusals.resource,
        scimRefusals.method,
        scimRefusals.subject,
        scimRefusals.detail,
      ],
      set: { times: sql`${scimRefusals.times} + 1`, lastAt: now, status: refusal.status },
    });
  const { organizationId } = refusal;
  await db.execute(sql`
    delete from ${scimRefusals} where organization_id = ${organizationId} and id in (
      select id from ${scimRefusals} where organization_id = ${organizationId} order by last_at desc, id desc offset ${REFUSALS_MAX})`);
}

/** Removes the refusals about a person or group, once a change of it succeeded. */
export async function settle(
  tx: Database,
  { organizationId, resource, subject }: Pick<ScimRefusalRow, 'organizationId' | 'resource' | 'subject'>,
): Promise<void> {
  await tx
    .delete(scimRefusals)
    .where(
      and(
        eq(scimRefusals.organizationId, organizationId),
        eq(scimRefusals.resource, resource),
        eq(scimRefusals.subject, subject),
      ),
    );
}

/** Returns what is kept, newest first: at most `REFUSALS_MAX`. */
export async function list(db: Database, organizationId: string): Promise<readonly ScimRefusalRow[]> {
  return await db
    .select()
    .from(scimRefusals)
    .where(eq(scimRefusals.organizationId, organizationId))
    .orderBy(desc(scimRefusals.lastAt), desc(scimRefusals.id))
    .limit(REFUSALS_MAX);
}

/** Removes all refusals of an organization. */
export async function removeAllOf(tx: Database, organizationId: string): Promise<void> {
  await tx.delete(scimRefusals).where(eq(scimRefusals.organizationId, organizationId));
}
