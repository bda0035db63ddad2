/** The end of a login outside of the admin API: with its audit event and the new version of the configuration, in one transaction. */
import { type AppendedEvent, type AuditTrail, appendAuditEvent } from '../audit/audit.ts';
import { bumpConfigVersions } from '../configuration/config-versions.ts';
import type { Database } from '../database.ts';
import { type EndReason, end, facts, type LoginId } from './logins.ts';

/** The one who ends a login, and their address. */
export interface EndedBy {
  readonly actorKind: 'account' | 'system';
  readonly actorId: string;
  readonly actorName: string;
  readonly ip: string | null;
  readonly requestId: string | null;
}

/** The end of logins by a job. */
export const BY_JOB: EndedBy = {
  actorKind: 'system',
  actorId: 'end-logins',
  actorName: 'Job end-logins',
  ip: null,
  requestId: null,
};

/**
 * Ends a login in a transaction. Returns the audit event to remember after the commit, or null if it had ended before. Then every
 * process must apply the change of the organization and the key.
 */
export async function endLogin(
  tx: Database,
  audit: AuditTrail,
  login: LoginId,
  { reason, at, by }: { readonly reason: EndReason; readonly at: Date; readonly by: EndedBy },
): Promise<AppendedEvent | null> {
  const what = await facts(tx, login);
  if (!(await end(tx, login, reason, at))) return null;
  await bumpConfigVersions(tx, { organizationIds: [login.organizationId], keyIds: [login.keyId] });
  return appendAuditEvent(tx, audit, {
    organizationId: login.organizationId,
    at,
    ...by,
    action: 'login.end',
    objectType: 'login',
    objectId: login.keyId,
    objectName: what?.keyName ?? null,
    before: { status: 'active' },
    after: { status: 'revoked', ended_by: reason },
    reason: null,
  });
}
