import { z } from 'zod';
import { grantAboveTeams } from '../../domain/tenancy/permission.ts';
import type { AdminTokenRow } from '../../store/accounts/admin-tokens.ts';
import * as adminTokens from '../../store/accounts/admin-tokens.ts';
import * as tokenAccounts from '../../store/accounts/token-accounts.ts';
import { judgeToken } from '../../store/accounts/token-facts.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change, isUnchanged } from '../http/change.ts';
import { id, idParams, name } from '../http/fields.ts';
import { requireVersion } from '../http/if-match.ts';
import { conflict, forbidden, invalid, notFound } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { requireGrantableRole } from '../people/grant-role.ts';
import { tokenEvent } from '../people/take-back.ts';
import { loadToken } from './admin-tokens.ts';
import { patchedNarrowing, requireNarrowing, tokenExpiry, tokenNarrowing } from './token-fields.ts';
import { expiryOfMade, mayConsent, ownerOfMade, personBehind, refuseNarrowed, requireMayHold } from './token-owner.ts';
import { tokenFacts, tokenOut, viewToken } from './token-view.ts';

const patchBody = z.strictObject({ name: name.optional(), expires_at: tokenExpiry, ...tokenNarrowing });
type PatchBody = z.output<typeof patchBody>;

export const update = route({
  summary: 'Change an admin token',
  description:
    'Changes the name, the expiry and the narrowing. The role and the secret cannot change. Absent fields remain. Null removes a narrowing, if the caller could create such a token.',
  permission: 'admin_tokens.manage',
  takesIfMatch: true,
  params: idParams,
  body: patchBody,
  response: tokenOut,
  load: loadToken,
  handle: async (call, { id, role, organizationId }) => {
    const grant = grantAboveTeams({ role, organizationId });
    requireGrantableRole(call, grant, '');
    refuseNarrowed(call.actor);
    await requireNarrowing(call, grant, call.body);
    const updated = await change(call, async ({ tx, record }) => {
      const row = await lockWorking(call, tx, id);
      requireVersion(call, row.version);
      const columns = {
        name: call.body.name ?? row.name,
        expiresAt: expiryAfter(call, row),
        ...patchedNarrowing(row, call.body),
      };
      const [before, after] = [tokenFacts(row), tokenFacts({ ...row, ...columns })];
      if (isUnchanged(before, after)) return row;
      const updated = await adminTokens.update(tx, id, columns);
      await record({ ...tokenEvent(updated), action: 'admin_token.update', before, after });
      return updated;
    });
    return viewToken(call, updated);
  },
});

const takeOverBody = z
  .strictObject({
    responsible_account_id: id
      .optional()
      .meta({ description: 'The new responsible person of a token owned by a service account. Default: the caller.' }),
  })
  .optional();
type TakeOverBody = z.output<typeof takeOverBody>;

export const takeOver = route({
  summary: 'Take over an admin token',
  description:
    'A token without an owner becomes the caller’s, who must be able to hold its role. For a token of a service account, another person becomes responsible for all tokens of that service account. In an organization only owners may do this, on the platform only its admins.',
  permission: 'admin_tokens.manage',
  params: idParams,
  body: takeOverBody,
  response: tokenOut,
  load: loadToken,
  handle: async (call, { id, role, organizationId }) => {
    requireGrantableRole(call, grantAboveTeams({ role, organizationId }), '');
    refuseNarrowed(call.actor);
    const taken = await change(call, async (change) => {
      const row = await lockWorking(call, change.tx, id);
      const { owner } = await judgeToken(change.tx, row, call.deps.clock.nowMs());
      if (owner === 'nobody') return takeUnowned(call, change, row);
      if (owner === 'service_account') return takeMachines(call, change, row);
      throw conflict(
        owner === 'account'
          ? 'This admin token belongs to a person. Only tokens without an owner and tokens of a service account can be taken over.'
          : 'This admin token belongs to the installation. Only tokens without an owner and tokens of a service account can be taken over.',
      );
    });
    return viewToken(call, taken);
  },
});

async function takeUnowned(
  call: AdminCall<unknown, unknown, TakeOverBody>,
  { tx, record }: Change,
  row: AdminTokenRow,
): Promise<AdminTokenRow> {
  if (call.body?.responsible_account_id !== undefined)
    throw invalid('/responsible_account_id', 'is only for tokens of service accounts');
  const owner = ownerOfMade(call.actor);
  if (owner.unownedEndsAt !== null)
    throw forbidden('Your own admin token has no owner, so it cannot take over another one. Sign in as a person.');
  const updated = await adminTokens.update(tx, row.id, owner);
  const after = { maker_account_id: owner.makerAccountId, service_account_id: owner.serviceAccountId, origin: owner.origin };
  await record({ ...tokenEvent(updated), action: 'admin_token.take_over', before: null, after });
  return updated;
}

async function takeMachines(
  call: AdminCall<unknown, unknown, TakeOverBody>,
  { tx, now, record }: Change,
  row: AdminTokenRow,
): Promise<AdminTokenRow> {
  const grant = grantAboveTeams(row);
  if (!mayConsent(call.actor, grant))
    throw forbidden('Only an owner or a platform admin can take over the tokens of a service account.');
  const responsible = call.body?.responsible_account_id ?? personBehind(call.actor);
  if (responsible === null) throw invalid('/responsible_account_id', 'is required, because no person is behind this admin token');
  await requireMayHold(tx, responsible, grant, '/responsible_account_id');
  const account = await tokenAccounts.lock(tx, row.serviceAccountId ?? '');
  if (account === null)
    throw conflict('The service account of this admin token was deleted, so the token cannot be taken over. Create a new one.');
  await tokenAccounts.update(tx, account.id, { responsibleAccountId: responsible }, now);
  const [before, after] = [account.responsibleAccountId, responsible].map((id) => ({ responsible_account_id: id }));
  if (before === undefined || after === undefined) throw new Error('the responsible persons are missing');
  await record({ ...tokenEvent(row), action: 'admin_token.take_over', before, after });
  return row;
}

/**
 * Returns the expiry after a change. An absent or unchanged expiry is kept; a new one must be one that the caller could give to a
 * new token.
 */
function expiryAfter(call: AdminCall<unknown, unknown, PatchBody>, row: AdminTokenRow): Date | null {
  const { expires_at: asked } = call.body;
  if (asked === undefined) return row.expiresAt;
  if (asked !== null && row.expiresAt?.getTime() === new Date(asked).getTime()) return row.expiresAt;
  if (asked === null && row.expiresAt === null) return null;
  return expiryOfMade(call, asked, { grant: grantAboveTeams(row), isMachines: row.serviceAccountId !== null });
}

/** Locks a token. Throws 409 if it is revoked or has expired, which is final. */
async function lockWorking(call: AdminCall<unknown, unknown, unknown>, tx: Change['tx'], id: string): Promise<AdminTokenRow> {
  const row = await adminTokens.lock(tx, id);
  if (row === null) throw notFound('admin token');
  const { standing } = await judgeToken(tx, row, call.deps.clock.nowMs());
  if (standing.is === 'revoked' || standing.is === 'expired')
    throw conflict(`This admin token is ${standing.is}, which cannot be undone. Create a new one.`);
  return row;
}
