import { z } from 'zod';
import { type Arrival, arrivalOf } from '../../domain/identity/arrival.ts';
import type { Assertion } from '../../domain/identity/assertion.ts';
import { DIRECTORY } from '../../domain/identity/given-role.ts';
import { rolesOfGroups } from '../../domain/identity/group-roles.ts';
import { withQuery } from '../../domain/identity/return-path.ts';
import type { SsoCode } from '../../domain/identity/words.ts';
import * as accounts from '../../store/accounts/accounts.ts';
import type { ProviderOfOrganization, ProviderRow } from '../../store/identity/identity-providers.ts';
import * as providers from '../../store/identity/identity-providers.ts';
import { mappingsOf } from '../../store/identity/managed-roles.ts';
import type { FlowRow } from '../../store/identity/sign-in-flows.ts';
import * as flows from '../../store/identity/sign-in-flows.ts';
import * as memberships from '../../store/tenancy/memberships.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import * as teams from '../../store/tenancy/teams.ts';
import type { Redirect } from '../http/answer.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change, changeOrRehearse } from '../http/change.ts';
import { auditedProvider, providerEvent } from '../identity/provider-view.ts';
import { giveRoles } from './arrive.ts';
import { factsOfArrival } from './facts-of-arrival.ts';
import { sealResult } from './flow.ts';
import type { Judged } from './judge-answer.ts';

/** The outcome of a test: every check, the claims as they came, and who the person would be. It signs nobody in. */

const KEPT_MS = 600_000;

export const testOutcome = z.object({
  outcome: z.enum(['passed', 'refused']),
  code: z.string().nullable(),
  words: z.string().nullable(),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), words: z.string() })),
  claims: z.record(z.string(), z.unknown()).nullable(),
  would_be: z.string().nullable(),
});
export type TestOutcome = z.output<typeof testOutcome>;

/** Keeps the outcome of a test for the page that waits for it. If it passed, the tested configuration counts from now on. */
export async function keepTest(
  call: AdminCall<unknown, unknown, unknown>,
  { provider }: ProviderOfOrganization,
  flow: FlowRow,
  judged: Judged,
): Promise<Redirect> {
  const outcome = await outcomeOf(call, provider, judged);
  const until = new Date(call.deps.clock.nowMs() + KEPT_MS);
  await change(call as AdminCall, async (change) => {
    await flows.keepResult(change.tx, flow.stateHash, {
      result: sealResult(call.deps, flow, { of: 'test', result: outcome }),
      until,
    });
    if (outcome.outcome === 'passed') await markTested(change, provider);
  });
  return { location: withQuery(flow.returnTo, { sso: 'tested', test: flow.stateHash.toString('base64url') }) };
}

async function outcomeOf(
  call: AdminCall<unknown, unknown, unknown>,
  provider: ProviderRow,
  judged: Judged,
): Promise<TestOutcome> {
  if (judged.is === 'unreachable')
    return { outcome: 'refused', code: 'provider_unreachable', words: judged.words, checks: [], claims: null, would_be: null };
  if (judged.is === 'refused') {
    const { code, words, checks, claims } = judged;
    return {
      outcome: 'refused',
      code,
      words,
      checks: [...checks],
      claims: claims === null ? null : { ...claims },
      would_be: null,
    };
  }
  const { assertion, checks } = judged;
  const who = assertion.name ?? assertion.email ?? assertion.subject;
  const arrival = arrivalOf(await factsOfArrival(call.deps.db, provider, assertion, null));
  const would_be = `${who} would ${await wouldBe(call, provider, assertion, arrival)}.`;
  return { outcome: 'passed', code: null, words: null, checks: [...checks], claims: { ...assertion.claims }, would_be };
}

/** The provider's new configuration takes the place of the present one, or its draft is tested. */
async function markTested({ tx, now, record }: Change, { organizationId, id }: ProviderRow): Promise<void> {
  const row = await providers.lock(tx, { organizationId, id });
  if (row === null) return;
  const next =
    row.nextConfig === null ? {} : { config: row.nextConfig, sealed: row.nextSealed, nextConfig: null, nextSealed: null };
  const state = row.state === 'draft' ? 'tested' : row.state;
  const updated = await providers.update(tx, row, { ...next, state, testedAt: now }, now);
  const [before, after] = [auditedProvider(row), auditedProvider(updated)];
  await record({ ...providerEvent(row), action: 'identity_provider.test', before, after });
}

/** Returns what would become of a person: `be org_member, Support: developer`. */
async function wouldBe(
  call: AdminCall<unknown, unknown, unknown>,
  provider: ProviderRow,
  assertion: Assertion,
  arrival: Arrival,
): Promise<string> {
  if (arrival.is === 'refused') return `not come in: ${WHY[arrival.code] ?? arrival.code}`;
  if (arrival.is === 'in' || (arrival.is === 'link' && !arrival.joins)) return memberWould(call, provider, assertion, arrival);
  const { organizationId, id: source } = provider;
  const roles = rolesOfGroups(await mappingsOf(call.deps.db, { organizationId, source }), assertion.groups ?? []);
  const places: string[] = [];
  for (const [teamId, role] of roles.teams) {
    const team = await teams.find(call.deps.db, { organizationId, id: teamId });
    places.push(inTeam(team?.name ?? teamId, role));
  }
  return `be ${[roles.role ?? provider.defaultRole, ...places].join(', ')}`;
}

/** Signs a member in as far as roles go, and takes it back: what a directory, another provider or a person gave counts too. */
async function memberWould(
  call: AdminCall<unknown, unknown, unknown>,
  provider: ProviderRow,
  assertion: Assertion,
  { accountId }: { readonly accountId: string },
): Promise<string> {
  const { organizationId, id: own } = provider;
  const by = (source: string | null) => (source === own ? '' : ` (${source === null ? 'given by a person' : whose(source)})`);
  const places = await changeOrRehearse(call as AdminCall, { isDryRun: true }, async (change) => {
    await organizations.lock(change.tx, organizationId);
    const account = await accounts.lock(change.tx, accountId);
    if (account === null) return [];
    await giveRoles(change, provider, account, assertion);
    const member = await memberships.findByAccount(change.tx, { organizationId, accountId });
    if (member === null) return [];
    const inTeams = (await memberships.teamsOf(change.tx, [organizationId], [member.id])).get(member.id) ?? [];
    return [
      `${member.role}${by(member.managedBy)}`,
      ...inTeams.map(({ name, role, managedBy }) => `${inTeam(name, role)}${by(managedBy)}`),
    ];
  });
  if (places.length === 0) return 'not come in: the account or the membership was removed just now';
  const isUnknown = assertion.groups === null || assertion.groupsTruncated;
  return `be ${places.join(', ')}${isUnknown ? ': the answer has no complete list of groups, so it changes no roles' : ''}`;
}

function whose(source: string): string {
  return source === DIRECTORY ? 'by the directory' : 'by another identity provider';
}

function inTeam(name: string, role: string): string {
  return `${name}: ${role.replace('team_', '')}`;
}

const WHY: Readonly<Partial<Record<SsoCode, string>>> = {
  no_email: 'the answer has no e-mail address, and no link exists',
  email_unverified: 'the provider says that it did not verify the address',
  domain_not_verified: 'the address is outside the verified domains of the organization',
  no_account: 'there is no account, and this provider does not create any',
  account_disabled: 'the account is disabled',
  membership_disabled: 'the membership is disabled',
  membership_ended: 'the membership was removed',
  signed_in_first: 'the account belongs elsewhere too, so its owner must sign in in their own way once and link it',
  linked_elsewhere: 'the person at the provider is linked to another account',
};
