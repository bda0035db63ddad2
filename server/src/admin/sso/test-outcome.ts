import { z } from 'zod';
import { type Arrival, arrivalOf } from '../../domain/identity/arrival.ts';
import type { Assertion } from '../../domain/identity/assertion.ts';
import { type GroupRoles, rolesOfGroups } from '../../domain/identity/group-roles.ts';
import { withQuery } from '../../domain/identity/return-path.ts';
import type { SsoCode } from '../../domain/identity/words.ts';
import type { ProviderOfOrganization, ProviderRow } from '../../store/identity/identity-providers.ts';
import * as providers from '../../store/identity/identity-providers.ts';
import { mappingsOf } from '../../store/identity/managed-roles.ts';
import type { FlowRow } from '../../store/identity/sign-in-flows.ts';
import * as flows from '../../store/identity/sign-in-flows.ts';
import * as teams from '../../store/tenancy/teams.ts';
import type { Redirect } from '../http/answer.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change } from '../http/change.ts';
import { auditedProvider, providerEvent } from '../identity/provider-view.ts';
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
  { deps }: AdminCall<unknown, unknown, unknown>,
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
  const arrival = arrivalOf(await factsOfArrival(deps.db, provider, assertion, null));
  const roles = rolesOfGroups(
    await mappingsOf(deps.db, { organizationId: provider.organizationId, source: provider.id }),
    assertion.groups ?? [],
  );
  const names = new Map<string, string>();
  for (const teamId of roles.teams.keys()) {
    const team = await teams.find(deps.db, { organizationId: provider.organizationId, id: teamId });
    names.set(teamId, team?.name ?? teamId);
  }
  const words = wouldBe(assertion, arrival, { provider, roles, names });
  return { outcome: 'passed', code: null, words: null, checks: [...checks], claims: { ...assertion.claims }, would_be: words };
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

/** Returns the sentence that says who a person would be: `Ada would be org_member, Support: developer.` */
function wouldBe(
  assertion: Assertion,
  arrival: Arrival,
  { provider, roles, names }: { provider: ProviderRow; roles: GroupRoles; names: ReadonlyMap<string, string> },
): string {
  const who = assertion.name ?? assertion.email ?? assertion.subject;
  if (arrival.is === 'refused') return `${who} would not come in: ${WHY[arrival.code] ?? arrival.code}.`;
  const places = [...roles.teams].map(([teamId, role]) => `${names.get(teamId)}: ${role.replace('team_', '')}`);
  const isMember = arrival.is === 'in' || (arrival.is === 'link' && !arrival.joins);
  const isUnknown = assertion.groups === null || assertion.groupsTruncated;
  if (isMember && isUnknown) return `${who} would come in with the present roles: the answer has no complete list of groups.`;
  const role = roles.role ?? (isMember ? 'a member with the present role' : provider.defaultRole);
  return `${who} would be ${[role, ...places].join(', ')}.`;
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
