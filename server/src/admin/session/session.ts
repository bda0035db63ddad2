import { z } from 'zod';
import { NEEDS } from '../../domain/identity/evidence.ts';
import {
  capabilitiesOf,
  ORGANIZATION_ROLES,
  type OrganizationRole,
  PERMISSIONS,
  PLATFORM_ROLES,
  reachOf,
  TEAM_ROLES,
  type TeamRole,
} from '../../domain/tenancy/permission.ts';
import { SignInRefused } from '../../identity/refusal.ts';
import { type AccountPlace, disabledIn, placesOf } from '../../store/accounts/account-places.ts';
import * as accounts from '../../store/accounts/accounts.ts';
import { provedSince } from '../../store/accounts/address-proofs.ts';
import * as signInStore from '../../store/accounts/sign-in.ts';
import { activeOf } from '../../store/identity/identity-providers.ts';
import { mayLearnOf } from '../http/actor.ts';
import type { AdminCall } from '../http/call.ts';
import { email } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { ownOriginOf } from '../http/own-origin.ts';
import { route } from '../http/route.ts';
import { text } from '../http/schemas.ts';
import { finishSignIn } from './finish-sign-in.ts';
import { recordOwn, recordRefused } from './sign-in-audit.ts';

/** Signs people in with a password, returns who is signed in, and signs them out. */

const permissions = z.array(z.enum(PERMISSIONS));

const sessionOut = z
  .object({
    account: z.object({
      id: z.string(),
      email: z.string(),
      name: z.string(),
      address_proved: z.boolean().meta({ description: 'True if the account’s ownership of the address is proved.' }),
    }),
    actor_kind: z.enum(['account', 'admin_token']),
    platform_role: z.enum(PLATFORM_ROLES).nullable(),
    memberships: z.array(
      z.object({
        organization_id: z.string(),
        organization_name: z.string(),
        organization_slug: z.string(),
        organization_status: z.enum(['active', 'suspended', 'archived']),
        member_id: z.string(),
        role: z.enum(ORGANIZATION_ROLES),
        teams: z.array(z.object({ team_id: z.string(), team_name: z.string(), role: z.enum(TEAM_ROLES) })),
      }),
    ),
    places: z
      .array(
        z.object({
          organization_id: z.string(),
          needs: z.enum(NEEDS).meta({
            description:
              '`sso`: a sign-in through one of its identity providers. `second_factor`: a second factor. `sign_in`: a new sign-in in a way that it accepts.',
          }),
          providers: z.array(z.object({ id: z.string(), name: z.string() })),
        }),
      )
      .meta({
        description:
          'Organizations that this session does not open, because it has not shown what they ask for. They are among the memberships, but give no permissions. Absent in both are those that only the person’s own sign-in may show: see `own_sign_in`.',
      }),
    disabled_in: z
      .array(z.object({ organization_id: z.string(), organization_name: z.string() }))
      .meta({ description: 'Organizations in which an admin or the directory disabled the membership of the person.' }),
    own_sign_in: z.boolean().meta({
      description:
        'False if only an identity provider opened this session. Then platform roles do not count, the account cannot be changed, and other organizations of the person are not shown. A sign-in with the own password or passkey opens them.',
    }),
    signed_in_through: z.array(z.object({ id: z.string(), name: z.string() })).meta({
      description: 'The active identity providers that opened this session. Signing out here does not sign out there.',
    }),
    platform_capabilities: permissions,
    capabilities_by_organization: z.record(z.string(), permissions),
    capabilities_anywhere: permissions.meta({
      description:
        'Permissions that the person has in at least one place, even if only in one team or on their own objects. The console uses them to decide what to offer.',
    }),
    two_factor: z.object({ enabled: z.boolean(), recovery_codes_left: z.int() }),
    passkeys: z.int(),
    mail_configured: z.boolean(),
    public_url: z.string(),
    demo: z.boolean(),
    version: z.string(),
  })
  .meta({ id: 'Session', description: 'The person who is signed in, with their permissions in each place.' });

const signedInOut = z.object({ status: z.literal('signed_in') });

/** The result of a correct password: the person is signed in, or must show a second factor. */
const outcomeOut = z.discriminatedUnion('status', [
  signedInOut,
  z.object({ status: z.literal('second_factor'), methods: z.array(z.enum(['totp', 'recovery_code'])) }),
]);

const PASSWORD_LENGTH_MAX = 128;

export const signIn = route({
  summary: 'Sign in with a password',
  description:
    'The answer is the same for an unknown address and a wrong password. Returns 429 with `retry-after` after too many failures.',
  permission: 'public',
  body: z.strictObject({ email, password: text(PASSWORD_LENGTH_MAX, 1) }),
  response: outcomeOut,
  load: load.platform,
  handle: async (call) => {
    const account = await signInStore.findByEmail(call.deps.db, call.body.email);
    const outcome = await call.deps.identity.signIn(call.body, call.raw.visitor).catch(async (error: unknown) => {
      if (error instanceof SignInRefused) await recordRefused(call, { account, email: call.body.email, code: error.code });
      throw error;
    });
    if (outcome.is === 'second_factor') {
      call.cookies = outcome.cookies;
      return { status: 'second_factor' as const, methods: ['totp' as const, 'recovery_code' as const] };
    }
    if (account === null) throw new SignInRefused('wrong_credentials'); // The account was deleted meanwhile.
    return finishSignIn(call, account, { ...outcome, method: 'password', secondFactor: false });
  },
});

export const read = route({
  summary: 'Get the current session',
  description: 'Returns who is calling, what they may do and where. An admin token gets an answer too, with its own id.',
  permission: 'signed_in',
  response: sessionOut,
  load: load.platform,
  handle: async (call) => {
    if (call.actor.sessionId !== undefined) call.cookies = await call.deps.identity.refresh(call.raw.visitor);
    return viewOf(call);
  },
});

export const signOut = route({
  summary: 'Sign out',
  description: 'Ends the session and clears its cookie.',
  permission: 'signed_in',
  status: 204,
  response: z.void(),
  load: load.platform,
  handle: async (call) => {
    call.cookies = await call.deps.identity.signOut(call.raw.visitor);
    if (call.actor.kind === 'account') await recordOwn(call, 'account.sign_out', call.actor);
  },
});

async function viewOf(call: AdminCall): Promise<z.output<typeof sessionOut>> {
  const { actor, deps } = call;
  const account = actor.accountId === null ? null : await accounts.find(deps.db, actor.accountId);
  const all = account === null ? [] : await placesOf(deps.db, account.id);
  const places = all.filter(({ organization }) => mayLearnOf(actor, organization.id));
  const disabled = account === null ? [] : await disabledIn(deps.db, account.id);
  const factors = account === null ? null : await signInStore.factorsOf(deps.db, account.id);
  const platform = actor.roles.find((grant) => !('organizationId' in grant));
  return {
    account: {
      id: actor.id,
      email: account?.email ?? '',
      name: actor.name,
      address_proved: account === null || (await provedSince(deps.db, account.id)) !== null,
    },
    actor_kind: actor.kind === 'admin_token' ? 'admin_token' : 'account',
    platform_role: platform === undefined ? null : (platform.role as (typeof PLATFORM_ROLES)[number]),
    memberships: places.map(viewOfPlace),
    ...(await throughProviders(call)),
    disabled_in: disabled.filter((one) => mayLearnOf(actor, one.organization_id)),
    own_sign_in: actor.shown?.isOwn ?? true,
    platform_capabilities: [...capabilitiesOf(actor, { organizationId: null })],
    capabilities_by_organization: capabilitiesByOrganization(call),
    capabilities_anywhere: PERMISSIONS.filter((permission) => reachOf(actor, permission).length > 0),
    two_factor: { enabled: factors?.hasTotp ?? false, recovery_codes_left: factors?.recoveryCodesLeft ?? 0 },
    passkeys: factors?.passkeys ?? 0,
    mail_configured: deps.mailer.configured,
    public_url: ownOriginOf(call),
    demo: deps.process.isDemo,
    version: deps.process.version,
  };
}

/** Returns what the caller must still show, and where, and through which providers the session came. */
async function throughProviders({ actor, deps }: AdminCall) {
  const { closed = [], providers = [] } = actor.shown ?? {};
  const organizationIds = new Set([...closed, ...providers].map(({ organizationId }) => organizationId));
  const active = await activeOf(deps.db, [...organizationIds]);
  const places = closed.map(({ organizationId, needs }) => ({
    organization_id: organizationId,
    needs,
    providers: (active.get(organizationId) ?? []).map(({ id, name }) => ({ id, name })),
  }));
  const through = providers.flatMap(({ id, organizationId }) => active.get(organizationId)?.find((one) => one.id === id) ?? []);
  return { places, signed_in_through: through.map(({ id, name }) => ({ id, name })) };
}

function viewOfPlace({ organization, memberId, role, teams }: AccountPlace) {
  return {
    organization_id: organization.id,
    organization_name: organization.name,
    organization_slug: organization.slug,
    organization_status: organization.status as 'active' | 'suspended' | 'archived',
    member_id: memberId,
    role: role as OrganizationRole,
    teams: teams.map((team) => ({ team_id: team.id, team_name: team.name, role: team.role as TeamRole })),
  };
}

/** Returns the caller's capabilities in each organization as a whole. Those from a role in a team are in the view of the team. */
function capabilitiesByOrganization({ actor }: AdminCall) {
  const ids = new Set(actor.roles.flatMap((grant) => ('organizationId' in grant ? [grant.organizationId] : [])));
  return Object.fromEntries([...ids].map((organizationId) => [organizationId, [...capabilitiesOf(actor, { organizationId })]]));
}
