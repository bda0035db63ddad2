/** Finds the origin of accounts that an earlier version made, from the audit log. */
import { and, asc, eq, gt, inArray, isNull, sql } from 'drizzle-orm';
import { originFromEvents } from '../../domain/tenancy/address.ts';
import { newId } from '../../lib/id.ts';
import { PLATFORM_CHAIN } from '../audit/audit.ts';
import type { Database } from '../database.ts';
import { accounts, addressProofs, auditEvents, invitations } from '../schema.ts';

/** Returns the ids of accounts of unknown origin that come after the given id, in order, at most `most`. */
export async function originUnknownAfter(db: Database, after: string, most: number): Promise<readonly string[]> {
  const rows = await db
    .select({ id: accounts.id })
    .from(accounts)
    .where(and(isNull(accounts.madeHow), gt(accounts.id, after)))
    .orderBy(asc(accounts.id))
    .limit(most);
  return rows.map(({ id }) => id);
}

/**
 * Stores the origin of each of these accounts, and the proofs of its addresses that the audit log holds. Binds an account that
 * accepted an invitation to the organization of its first one. Skips accounts of known origin, so that concurrent calls are
 * harmless.
 */
export async function settleOrigins(db: Database, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const rows = await db
    .select({ id: accounts.id, email: accounts.email, name: accounts.name })
    .from(accounts)
    .where(and(inArray(accounts.id, [...ids]), isNull(accounts.madeHow)));
  const events = await eventsOf(db, ids);
  const invited = await firstInvitations(db, ids);
  for (const { id, email, name } of rows) {
    const { how, by, proofs } = originFromEvents(id, email.toLowerCase(), events.get(id) ?? []);
    const invitation = invited.get(id);
    const maker = by ?? (invitation === undefined ? null : { id: invitation.invitedBy, name: invitation.inviterName });
    await db.transaction(async (tx) => {
      for (const proof of proofs) {
        const provedBy = proof.how === 'operator' ? OPERATOR : { id, name };
        await tx
          .insert(addressProofs)
          .values({
            id: newId('prf'),
            accountId: id,
            address: proof.address,
            how: proof.how,
            provedAt: proof.at,
            provedBy: provedBy.id,
            provedByName: provedBy.name,
          })
          .onConflictDoNothing();
      }
      await tx
        .update(accounts)
        .set({
          madeHow: how,
          madeBy: maker?.id ?? null,
          madeByName: maker?.name ?? null,
          boundOrganizationId: invitation?.organizationId ?? null,
        })
        .where(and(eq(accounts.id, id), isNull(accounts.madeHow)));
    });
  }
}

/** The operator, as the actor of a proof that a link or a command from the host gives. */
export const OPERATOR = { id: 'command_line', name: 'the operator’s command line' } as const;

const TELLING = [
  'account.create',
  'account.update',
  'account.password_reset',
  'account.password_reset_request',
  'account.password_reset_link',
];

async function eventsOf(db: Database, ids: readonly string[]) {
  const { objectId, action, at, actorId, actorName, before, after } = auditEvents;
  const rows = await db
    .select({ objectId, action, at, actorId, actorName, before, after })
    .from(auditEvents)
    .where(
      and(
        eq(auditEvents.chain, PLATFORM_CHAIN),
        eq(auditEvents.objectType, 'account'),
        inArray(objectId, [...ids]),
        inArray(action, TELLING),
      ),
    )
    .orderBy(asc(auditEvents.seq));
  return Map.groupBy(rows, (row) => row.objectId);
}

/** Returns the first invitation that each of these accounts accepted, by account id. */
async function firstInvitations(db: Database, ids: readonly string[]) {
  const rows = await db
    .selectDistinctOn([invitations.acceptedBy], {
      accountId: sql<string>`${invitations.acceptedBy}`,
      organizationId: invitations.organizationId,
      invitedBy: invitations.invitedBy,
      inviterName: invitations.inviterName,
    })
    .from(invitations)
    .where(inArray(invitations.acceptedBy, [...ids]))
    .orderBy(invitations.acceptedBy, asc(invitations.acceptedAt));
  return new Map(rows.map((row) => [row.accountId, row]));
}
