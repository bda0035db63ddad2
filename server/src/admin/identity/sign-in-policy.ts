import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { EVIDENCE_HOURS } from '../../domain/identity/evidence.ts';
import { SECOND_FACTOR_POLICIES, SIGN_IN_POLICIES } from '../../domain/identity/words.ts';
import type { Database } from '../../store/database.ts';
import * as providers from '../../store/identity/identity-providers.ts';
import { type ActiveOwner, activeOwners, countMembers, lastSignInThroughProvider } from '../../store/identity/owners.ts';
import * as policies from '../../store/identity/sign-in-policies.ts';
import type { OrganizationRow } from '../../store/tenancy/organizations.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change, Rehearsed } from '../http/change.ts';
import { flag, id, idParams, instantOut, isoOrNull } from '../http/fields.ts';
import { requireVersion } from '../http/if-match.ts';
import * as load from '../http/load.ts';
import { conflict, invalid } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { lockLiving } from '../organizations/organizations.ts';

/** The policy of an organization for sign-ins. It concerns people in browsers: keys and admin tokens work as before. */

const BREAK_GLASS_MAX = 3;
/** The age up to which an owner's sign-in shows that the provider works. */
const SHOWN_WITHIN_MS = 24 * 3_600_000;

const rules = {
  sign_in: z.enum(SIGN_IN_POLICIES).meta({
    description:
      '`any`: every way to sign in opens the organization. `sso`: only one of its identity providers does. Requiring it needs an owner’s sign-in through an active provider in the last 24 hours, and one to three break-glass owners with passkeys.',
  }),
  second_factor: z.enum(SECOND_FACTOR_POLICIES).meta({
    description:
      '`off`: none. `idp_or_own`: the identity provider says that there was one, or the person showed one here. `own`: shown here.',
  }),
  evidence_hours: z.int().min(1).max(720).meta({ description: 'People sign in again after this time.' }),
  idle_minutes: z.int().min(5).max(10_080).nullable().meta({
    description: 'People sign in again if their browser did not use the console for this time. Null: any time.',
  }),
  asks_again: z.boolean().meta({
    description: 'True if the identity provider must ask people again at each sign-in, whatever session they have there.',
  }),
};

const putBody = z.strictObject({
  ...rules,
  break_glass: z.array(id).max(BREAK_GLASS_MAX).meta({
    description:
      'The accounts of owners who may come in with a passkey while `sso` is required. Each use is an audit event, and all owners are told by mail.',
  }),
});
type PutBody = z.output<typeof putBody>;

const policyOut = z
  .object({
    ...rules,
    break_glass: z.array(
      z.object({
        account_id: z.string(),
        name: z.string(),
        email: z.string(),
        passkeys: z.int(),
        is_owner: z.boolean().meta({ description: 'False: the account is no longer an active owner and opens nothing.' }),
      }),
    ),
    owners: z
      .array(z.object({ account_id: z.string(), name: z.string(), email: z.string(), passkeys: z.int() }))
      .meta({ description: 'The active owners, at most 200. Those with a passkey can be break-glass owners.' }),
    enforced_at: instantOut.nullable(),
    owner_signed_in_at: instantOut.nullable().meta({
      description: 'The last sign-in of an owner through an active provider in the last 24 hours.',
    }),
    active_providers: z.int(),
    version: z.int().meta({ description: '0: nothing was ever set.' }),
  })
  .meta({ id: 'SignInPolicy', description: 'What an organization asks of a sign-in.' });

const effectOut = z
  .object({
    effect: z.object({
      members: z.int().meta({ description: 'Active members of the organization.' }),
      members_without_link: z.int().meta({
        description: 'Of these, the members who never signed in through an active provider.',
      }),
    }),
  })
  .meta({ id: 'SignInPolicyEffect' });

export const read = route({
  summary: 'Get the sign-in policy of an organization',
  description: 'Returns what a sign-in must show, and whether requiring an identity provider is possible now.',
  permission: 'identity.manage',
  params: idParams,
  response: policyOut,
  load: load.organization,
  handle: (call, organization) => view(call, organization),
});

export const replace = route({
  summary: 'Set the sign-in policy of an organization',
  description:
    'People who are signed in stay so; the next time they open this organization, they must show what it asks for. Keys and admin tokens are not affected. `headgate sso release` on the host lifts the requirement.',
  permission: 'identity.manage',
  takesIfMatch: true,
  params: idParams,
  query: z.strictObject({ dry_run: flag.meta({ description: 'If true, stores nothing and returns `{"effect": …}`.' }) }),
  body: putBody,
  response: policyOut,
  rehearsal: effectOut,
  load: load.organization,
  handle: async (call, organization) => {
    await change(call, async (change) => {
      await save(call, change, organization);
      if (call.query.dry_run !== true) return;
      const { members, linked } = await countMembers(change.tx, organization.id);
      throw new Rehearsed({ effect: { members, members_without_link: members - linked } });
    });
    return view(call, organization);
  },
});

async function save(call: AdminCall<unknown, unknown, PutBody>, change: Change, organization: OrganizationRow): Promise<void> {
  const { body, actor } = call;
  const { tx, now, record } = change;
  await lockLiving(tx, organization.id);
  const stored = await policies.find(tx, organization.id);
  requireVersion(call, stored?.version ?? 0);
  const before = stored ?? UNSET;
  const breakGlass = [...new Set(body.break_glass)].sort();
  const owners = await activeOwners(tx, organization.id);
  requireBreakGlass(owners, body.sign_in, breakGlass);
  if (body.sign_in === 'sso' && before.signIn !== 'sso') await requireProvenProvider(tx, organization.id, owners, now);
  const isKept = body.sign_in === 'sso' && before.signIn === 'sso';
  const columns = {
    signIn: body.sign_in,
    secondFactor: body.second_factor,
    evidenceHours: body.evidence_hours,
    idleMinutes: body.idle_minutes,
    asksAgain: body.asks_again,
    breakGlass,
    enforcedAt: isKept ? before.enforcedAt : body.sign_in === 'sso' ? now : null,
    enforcedBy: isKept ? before.enforcedBy : body.sign_in === 'sso' ? actor.id : null,
  };
  if (stored !== null && isDeepStrictEqual(facts(before), facts(columns))) return;
  await policies.save(tx, organization.id, columns, now);
  await record({
    organizationId: organization.id,
    action: 'sign_in_policy.update',
    objectType: 'sign_in_policy',
    objectId: organization.id,
    objectName: organization.name,
    before: facts(before),
    after: facts(columns),
  });
}

type Columns = Omit<policies.SignInPolicyRow, 'organizationId' | 'version' | 'updatedAt'>;

const UNSET: Columns = {
  signIn: 'any',
  secondFactor: 'off',
  evidenceHours: EVIDENCE_HOURS,
  idleMinutes: null,
  asksAgain: false,
  breakGlass: [],
  enforcedAt: null,
  enforcedBy: null,
};

function facts(row: Columns) {
  return {
    sign_in: row.signIn,
    second_factor: row.secondFactor,
    evidence_hours: row.evidenceHours,
    idle_minutes: row.idleMinutes,
    asks_again: row.asksAgain,
    break_glass: [...row.breakGlass],
  };
}

/** Throws 400 unless the break-glass accounts are active owners, and with `sso` one to three who have passkeys. */
function requireBreakGlass(active: readonly ActiveOwner[], signIn: PutBody['sign_in'], breakGlass: readonly string[]): void {
  if (signIn === 'sso' && breakGlass.length === 0)
    throw invalid(
      '/break_glass',
      `must name one to ${BREAK_GLASS_MAX} owners, who can come in with a passkey while the provider is down`,
    );
  const owners = byAccount(active);
  for (const [at, accountId] of breakGlass.entries()) {
    const owner = owners.get(accountId);
    if (owner === undefined) throw invalid(`/break_glass/${at}`, 'must be the account of an active owner of this organization');
    if (signIn === 'sso' && owner.passkeys === 0)
      throw invalid(`/break_glass/${at}`, `${owner.name} has no passkey: add one on their security page first`);
  }
}

/** Throws 409 unless an owner signed in through an active provider of the organization in the last 24 hours. */
async function requireProvenProvider(
  tx: Database,
  organizationId: string,
  owners: readonly ActiveOwner[],
  now: Date,
): Promise<void> {
  if ((await lastOwnerSignIn(tx, organizationId, owners, now)) !== null) return;
  throw conflict(
    'No owner signed in through an active identity provider in the last 24 hours. Sign in through it once, so that nobody is locked out, then require it.',
  );
}

function byAccount(owners: readonly ActiveOwner[]): ReadonlyMap<string, ActiveOwner> {
  return new Map(owners.map((owner) => [owner.accountId, owner]));
}

function lastOwnerSignIn(db: Database, organizationId: string, owners: readonly ActiveOwner[], now: Date): Promise<Date | null> {
  const accountIds = owners.map((owner) => owner.accountId);
  return lastSignInThroughProvider(db, { organizationId, accountIds, since: new Date(now.getTime() - SHOWN_WITHIN_MS) });
}

async function view(
  { deps: { db, clock } }: AdminCall<unknown, unknown, unknown>,
  { id: organizationId }: OrganizationRow,
): Promise<z.output<typeof policyOut>> {
  const stored = await policies.find(db, organizationId);
  const row = stored ?? UNSET;
  const found = await activeOwners(db, organizationId);
  const owners = byAccount(found);
  const active = (await providers.activeOf(db, [organizationId])).get(organizationId) ?? [];
  const signedInAt = await lastOwnerSignIn(db, organizationId, found, new Date(clock.nowMs()));
  return {
    ...facts(row),
    break_glass: row.breakGlass.map((accountId) => {
      const owner = owners.get(accountId);
      const { name, email, passkeys } = owner ?? { name: '', email: '', passkeys: 0 };
      return { account_id: accountId, name, email, passkeys, is_owner: owner !== undefined };
    }),
    owners: found.map(({ accountId, name, email, passkeys }) => ({ account_id: accountId, name, email, passkeys })),
    enforced_at: isoOrNull(row.enforcedAt),
    owner_signed_in_at: isoOrNull(signedInAt),
    active_providers: active.length,
    version: stored?.version ?? 0,
  };
}
