import { z } from 'zod';
import { LOGIN_WAYS } from '../../domain/logins/words.ts';
import { can } from '../../domain/tenancy/permission.ts';
import type { ListedLogin } from '../../store/logins/logins.ts';
import type { AdminCall } from '../http/call.ts';
import { instantOut, isoOf, isoOrNull } from '../http/fields.ts';

/** The API view of a login. It never has a token. */
export const loginOut = z
  .object({
    id: z.string().meta({ description: 'The id of its key.' }),
    organization_id: z.string(),
    organization_name: z.string(),
    team_id: z.string(),
    team_name: z.string(),
    account_id: z.string(),
    person_name: z.string(),
    person_email: z.string(),
    device_name: z.string().meta({ description: 'The name that the device gave itself. Nobody has checked it.' }),
    client: z.string().meta({ description: 'The program that logged in, as it named itself.' }),
    way: z.enum(LOGIN_WAYS).meta({ description: '`loopback`: in a browser on the same machine. `device`: with a code.' }),
    ip: z.string().nullable().meta({ description: 'The address from which the device asked.' }),
    status: z.enum(['active', 'disabled', 'ended']),
    created_at: instantOut,
    last_used_at: instantOut.nullable(),
    refreshed_at: instantOut.nullable(),
    ends_at: instantOut.meta({ description: 'The end of the login, however it is used.' }),
    is_own: z.boolean(),
    may_end: z.boolean(),
  })
  .meta({ id: 'Login' });

export function viewLogin(
  { actor }: AdminCall<unknown, unknown, unknown>,
  { login, key, person, team, organization }: ListedLogin,
): z.output<typeof loginOut> {
  const place = { organizationId: key.organizationId, teamId: key.teamId, ownerAccountId: login.accountId };
  return {
    id: key.id,
    organization_id: key.organizationId,
    organization_name: organization.name,
    team_id: key.teamId,
    team_name: team.name,
    account_id: login.accountId,
    person_name: person.name,
    person_email: person.email,
    device_name: login.deviceName,
    client: login.client,
    way: login.way,
    ip: login.ip,
    status: login.endedAt !== null || key.status === 'revoked' ? 'ended' : key.status,
    created_at: isoOf(login.createdAt),
    last_used_at: isoOrNull(key.lastUsedAt),
    refreshed_at: isoOrNull(login.refreshedAt),
    ends_at: isoOf(login.endsAt),
    is_own: login.accountId === actor.accountId,
    may_end: can(actor, 'keys.manage', place) || can(actor, 'keys.manage_own', place),
  };
}
