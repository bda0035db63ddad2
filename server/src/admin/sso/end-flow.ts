import type { Assertion } from '../../domain/identity/assertion.ts';
import { withQuery } from '../../domain/identity/return-path.ts';
import type { RemovedWay, SsoCode } from '../../domain/identity/words.ts';
import { SignInRefused } from '../../identity/refusal.ts';
import type { AccountRow } from '../../store/accounts/accounts.ts';
import * as signIn from '../../store/accounts/sign-in.ts';
import { addEvidence } from '../../store/identity/evidence.ts';
import type { ProviderOfOrganization } from '../../store/identity/identity-providers.ts';
import type { FlowRow } from '../../store/identity/sign-in-flows.ts';
import * as policies from '../../store/identity/sign-in-policies.ts';
import type { Redirect } from '../http/answer.ts';
import type { AdminCall } from '../http/call.ts';
import { change } from '../http/change.ts';
import { replaceSession } from '../session/finish-sign-in.ts';
import { ownEvent } from '../session/sign-in-audit.ts';
import { arrive } from './arrive.ts';
import { endCookie, linkAddressOf } from './flow.ts';
import type { Judged } from './judge-answer.ts';
import { recordRefusal } from './refusals.ts';
import { keepTest } from './test-outcome.ts';

/** The end of a flow: what the provider's answer means, and where the browser goes. */

type Call = AdminCall<unknown, unknown, unknown>;

/** Ends a flow that this browser began, with the judged answer. */
export async function endFlow(call: Call, found: ProviderOfOrganization, flow: FlowRow, judged: Judged): Promise<Redirect> {
  call.cookies = [endCookie(call.deps, flow)];
  if (flow.purpose === 'test') return keepTest(call, found, flow, judged);
  if (judged.is === 'unreachable') {
    forgive(call);
    return refuse(call, found, { flow, code: 'provider_unreachable', facts: { words: judged.words } });
  }
  if (judged.is === 'refused') {
    const code = judged.code === 'access_denied' ? 'provider_refused' : 'answer_refused';
    return refuse(call, found, { flow, code, reason: judged.code, facts: { words: judged.words } });
  }
  const { assertion } = judged;
  const facts = { subject: assertion.subject, email: assertion.email };
  if (!(await isFreshEnough(call, flow, assertion)))
    return refuse(call, found, { flow, code: 'answer_refused', reason: 'not_fresh', facts });
  const linking =
    flow.purpose === 'link' && flow.accountId !== null ? { id: flow.accountId, address: linkAddressOf(call.deps, flow) } : null;
  if (flow.purpose === 'link' && !isStill(call, flow)) return refuse(call, found, { flow, code: 'flow_unknown', facts });
  const arrived = await arrive(call, { found, assertion, linking });
  if (arrived.is === 'refused') return refuse(call, found, { flow, code: arrived.code, facts });
  const isIn = await openSession(call, found, arrived.account, withTime(call, flow, assertion));
  if (!isIn) return refuse(call, found, { flow, code: 'account_disabled', facts });
  forgive(call);
  return { location: withQuery(flow.returnTo, toldAfter(flow, arrived.removed)) };
}

/** Returns what the page that opens afterwards must tell. */
function toldAfter({ purpose }: FlowRow, removed: readonly RemovedWay[]): Readonly<Record<string, string>> {
  return {
    ...(purpose === 'link' ? { sso: 'linked' } : {}),
    ...(removed.length === 0 ? {} : { link_removed: removed.join('.') }),
  };
}

/** A provider that was asked to have the person sign in again, and does not say when they did, is taken at its word: it was now. */
function withTime({ deps }: Call, { asksAgain }: FlowRow, assertion: Assertion): Assertion {
  const { authenticatedAtMs } = assertion;
  const now = deps.clock.nowMs();
  return {
    ...assertion,
    authenticatedAtMs: authenticatedAtMs === null ? (asksAgain ? now : null) : Math.min(authenticatedAtMs, now),
  };
}

/** Takes the start of the flow back from what counts against the network address. */
function forgive({ deps, raw }: Call): void {
  deps.identity.attempts.forgive({ owner: null, from: raw.ip, kind: 'sso' });
}

/** Reports whether the account that began to link is still the one that is signed in here, in its own way. */
function isStill({ actor }: Call, { accountId }: FlowRow): boolean {
  return actor.accountId !== null && actor.accountId === accountId && actor.shown?.isOwn !== false;
}

/** The clocks of a provider and ours may differ by this much. */
const SKEW_MS = 300_000;

/** Reports whether the person was asked again at the provider, and it says so, if the organization wants that. */
async function isFreshEnough({ deps }: Call, flow: FlowRow, { authenticatedAtMs }: Assertion): Promise<boolean> {
  const policy = await policies.find(deps.db, flow.organizationId);
  return policy?.asksAgain !== true || (authenticatedAtMs ?? 0) >= flow.createdAt.getTime() - SKEW_MS;
}

/**
 * Opens a new session that shows what the provider said. A session of the same account in this browser passes on what it has shown,
 * and ends; another account's session ends. Returns false if the account may not sign in.
 */
async function openSession(
  call: Call,
  { provider, organization }: ProviderOfOrganization,
  account: AccountRow,
  assertion: Assertion,
): Promise<boolean> {
  const { identity } = call.deps;
  const started = await identity.startSession(account.id, call.raw.visitor).catch((error: unknown) => {
    if (error instanceof SignInRefused) return null;
    throw error;
  });
  if (started === null) return false;
  const { sessionId, cookies } = started;
  const { id, organizationId } = provider;
  const { secondFactor, sid, subject, authenticatedAtMs } = assertion;
  try {
    await change(call as AdminCall, async (change) => {
      const authenticatedAt = authenticatedAtMs === null ? null : new Date(authenticatedAtMs);
      const shown = { organizationId, id, sid, subject, authenticatedAt };
      await addEvidence(change.tx, { sessionId, at: change.now, secondFactor, provider: shown });
      await replaceSession(call, change, { accountId: account.id, sessionId });
      const facts = { identity_provider: id, organization_id: organization.id, second_factor: secondFactor };
      await change.record(ownEvent('account.sign_in', account, facts));
    });
  } catch (error) {
    // A session without evidence would count as the person's own.
    await signIn.endSession(call.deps.db, { accountId: account.id, id: sessionId });
    throw error;
  }
  call.cookies = [...call.cookies, ...cookies];
  return true;
}

/** A flow that ends without a sign-in. */
interface Refusal {
  /** Null if the browser showed no flow of ours. */
  readonly flow: FlowRow | null;
  readonly code: SsoCode;
  /** The protocol's code. */
  readonly reason?: string;
  readonly facts?: object;
}

/** Records a refusal. Returns the page that tells the person: the one that links, or the sign-in page. */
export async function refuse(
  call: Call,
  { provider }: ProviderOfOrganization,
  { flow, code, reason, facts }: Refusal,
): Promise<Redirect> {
  await recordRefusal(call, { code, reason: reason ?? null, provider, isOfFlow: flow !== null, facts: bounded(facts ?? {}) });
  const told = { sso: code, provider: provider.id, ...(reason === undefined ? {} : { reason: reason.slice(0, 60) }) };
  if (flow?.purpose === 'link') return { location: withQuery(flow.returnTo, told) };
  return { location: withQuery('/sign-in', { ...told, ...(flow === null ? {} : { return_to: flow.returnTo }) }) };
}

function bounded(facts: object): object {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [name, typeof value === 'string' ? value.slice(0, 500) : value]),
  );
}
