import { z } from 'zod';
import { HOME, RETURN_PATH_LENGTH_MAX, withQuery } from '../../domain/identity/return-path.ts';
import { cookieOf } from '../../identity/exchange.ts';
import { ProviderUnreachable } from '../../identity/protocol-problems.ts';
import { SignInRefused } from '../../identity/refusal.ts';
import type { ProviderOfOrganization } from '../../store/identity/identity-providers.ts';
import * as providers from '../../store/identity/identity-providers.ts';
import * as flows from '../../store/identity/sign-in-flows.ts';
import * as policies from '../../store/identity/sign-in-policies.ts';
import { type Redirect, redirectOut } from '../http/answer.ts';
import type { AdminCall } from '../http/call.ts';
import { email, id } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { notFound } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { text } from '../http/schemas.ts';
import * as own from '../people/own-account.ts';
import { endFlow, refuse } from './end-flow.ts';
import {
  flowOfId,
  flowOfState,
  isOwnBrowser,
  openResult,
  openTest,
  requireReturnPath,
  sealResult,
  startFlow,
  type WantedFlow,
} from './flow.ts';
import { type Judged, judgeAnswer } from './judge-answer.ts';
import { requirePublicUrl } from './provider-to-ask.ts';

/** The addresses to which browsers go to sign in through an identity provider, and to which the provider sends them back. */

type Call = AdminCall<{ readonly idp_id: string }, unknown, unknown>;

export const providerParams = z.object({ idp_id: id });
const returnTo = text(RETURN_PATH_LENGTH_MAX).meta({
  description: 'The page of the console to open afterwards: a path that begins with one `/`.',
});

const ENDS =
  'Every end is a redirect: to the page that was asked for, or to `/sign-in?sso=<code>&provider=<id>`, which says why not.';

export const start = route({
  summary: 'Start a sign-in through an identity provider',
  description: `Opens the provider. Needs HEADGATE_PUBLIC_URL. The browser gets a cookie without which the way back leads nowhere. ${ENDS}`,
  permission: 'public',
  params: providerParams,
  query: z.strictObject({
    return_to: returnTo.optional(),
    login_hint: text(254).optional().meta({ description: 'The address of the person, for the form of the provider.' }),
    fresh: z.literal('1').optional().meta({
      description:
        'The provider must ask the person again, also if they are signed in there. For what needs a sign-in of the last minutes.',
    }),
    unsolicited: z.literal('1').optional().meta({ description: 'Set after an answer that nobody here asked for.' }),
  }),
  form: 'redirect',
  response: redirectOut,
  load: load.platform,
  handle: async (call) => {
    requirePublicUrl(call.deps);
    const { return_to: wanted = HOME, login_hint: loginHint = null, fresh, unsolicited } = call.query;
    const path = requireReturnPath(wanted, '?return_to');
    const found = await discover(call);
    if (unsolicited !== undefined && cookieOf(call.raw.visitor, UNSOLICITED) !== null)
      return refuse(call, found, { flow: null, code: 'flow_unknown' });
    const { asksAgain } = (await policies.find(call.deps.db, found.organization.id)) ?? { asksAgain: false };
    const started = await begin(call, found, {
      ...{ purpose: 'sign_in', accountId: null, returnTo: path, loginHint, isFresh: asksAgain || fresh !== undefined },
    });
    if (unsolicited !== undefined) call.cookies = [...call.cookies, UNSOLICITED_COOKIE];
    return started;
  },
});

/** Marks a browser that an answer nobody asked for sent here, so that a provider that loses our state causes no loop. */
const UNSOLICITED = 'headgate_sso_unsolicited';
const UNSOLICITED_COOKIE = `${UNSOLICITED}=1; Max-Age=30; Path=/api/v1/sso; HttpOnly; SameSite=Lax`;

export const link = route({
  summary: 'Start to link your account to an identity provider',
  description:
    'Returns the address to open. Needs a sign-in with your own password or passkey. The provider asks who you are, also if somebody is signed in there. Afterwards the person at the provider and this account are one.',
  permission: 'signed_in',
  params: providerParams,
  body: z.strictObject({
    return_to: returnTo.optional(),
    address: email.optional().meta({
      description:
        'Your e-mail address at the provider, if it is another than that of this account. The provider must name it: otherwise nothing is linked.',
    }),
  }),
  response: z.object({ location: z.string() }),
  load: load.platform,
  handle: async (call) => {
    const account = await own.account(call);
    requirePublicUrl(call.deps);
    const path = requireReturnPath(call.body.return_to ?? HOME, '/return_to');
    const found = await discover(call);
    const address = (call.body.address ?? account.email).toLowerCase();
    return begin(call, found, {
      ...{ purpose: 'link', accountId: account.id, returnTo: path, loginHint: address, isFresh: true, linkAddress: address },
    });
  },
});

/** Begins a flow at an active provider, or returns the page that says why not. Counts against the network address. */
async function begin(call: Call, found: ProviderOfOrganization, wanted: WantedFlow): Promise<Redirect> {
  const { provider } = found;
  if (provider.state !== 'active') return refuse(call, found, { flow: null, code: 'provider_off' });
  const attempt = { owner: null, from: call.raw.ip, kind: 'sso' } as const;
  try {
    call.deps.identity.attempts.count(attempt);
    const { location, cookies } = await startFlow(call, provider, wanted);
    call.cookies = cookies;
    return { location };
  } catch (error) {
    if (error instanceof SignInRefused) return { location: withQuery('/sign-in', { sso: error.code, provider: provider.id }) };
    if (!(error instanceof ProviderUnreachable)) throw error;
    // A whole office behind one address may try while the provider is down, and must get in when it is back.
    call.deps.identity.attempts.forgive(attempt);
    return refuse(call, found, { flow: null, code: 'provider_unreachable', facts: { words: error.message } });
  }
}

export const test = route({
  summary: 'Open a test of an identity provider in a browser',
  description: `Gives this browser a test that was started elsewhere, and opens the provider. The address is in the answer of the start. ${ENDS}`,
  permission: 'public',
  params: providerParams,
  query: z.strictObject({ id: text(64, 1), key: text(64, 1) }),
  form: 'redirect',
  response: redirectOut,
  load: load.platform,
  handle: async (call) => {
    const found = await discover(call);
    const known = await flowOfId(call.deps, found.provider.id, call.query.id);
    const opened = known.is === 'found' ? openTest(call.deps, known.flow, call.query.key) : null;
    if (opened === null) return lost(call, found);
    call.cookies = opened.cookies;
    return { location: opened.location };
  },
});

/** Parameters as they come from elsewhere: names and values are text, and the protocol judges them. */
const VALUE_LENGTH_MAX = 16_384;
const value = text(VALUE_LENGTH_MAX);
const answered = z.union([value, z.array(value).max(10)]);
const anyQuery = z.object({ code: answered.optional(), state: answered.optional() }).catchall(answered);

export const callback = route({
  summary: 'Come back from an OpenID Connect provider',
  description: `Providers send browsers here; nothing else calls it. ${ENDS}`,
  permission: 'public',
  params: providerParams,
  query: anyQuery,
  form: 'redirect',
  response: redirectOut,
  load: load.platform,
  handle: async (call) => {
    requirePublicUrl(call.deps);
    const found = await discover(call);
    const incoming = paramsOf(call.query);
    const states = incoming.getAll('state');
    const known = await flowOfState(call.deps, found.provider.id, states.length === 1 ? (states[0] as string) : null);
    if (known.is === 'lost' || !isOwnBrowser(call, known.flow)) return lost(call, found);
    if (known.is === 'expired') return refuse(call, found, { flow: known.flow, code: 'flow_expired' });
    const now = new Date(call.deps.clock.nowMs());
    if (!(await flows.claim(call.deps.db, known.flow.stateHash, now))) return lost(call, found);
    return endFlow(call, found, known.flow, await judgeAnswer(call, found.provider, known.flow, incoming));
  },
});

/** A browser without a flow of ours. Counts against its address, because anybody can send such requests. */
async function lost(call: Call, found: ProviderOfOrganization): Promise<Redirect> {
  try {
    call.deps.identity.attempts.count({ owner: null, from: call.raw.ip, kind: 'sso' });
  } catch (error) {
    if (!(error instanceof SignInRefused)) throw error;
    return { location: withQuery('/sign-in', { sso: error.code, provider: found.provider.id }) };
  }
  return refuse(call, found, { flow: null, code: 'flow_unknown' });
}

const FORM_VALUE_LENGTH_MAX = 400_000;
const RESULT_KEPT_MS = 60_000;
const form = z.record(text(64), text(FORM_VALUE_LENGTH_MAX)).meta({ description: 'The fields of the form, as text.' });

export const acs = route({
  summary: 'Take a SAML response',
  description:
    'Browsers post the form of a SAML provider here, without cookies. The outcome is kept for a minute, and the redirect fetches it with the cookie of the start. An answer that nobody asked for starts a sign-in of our own.',
  permission: 'public',
  params: providerParams,
  takesForm: true,
  body: form,
  form: 'redirect',
  response: redirectOut,
  load: load.platform,
  handle: async (call) => {
    requirePublicUrl(call.deps);
    const found = await discover(call);
    const { provider } = found;
    const known = await flowOfState(call.deps, provider.id, call.body.RelayState ?? null);
    if (known.is === 'lost') return { location: `/api/v1/sso/${provider.id}/start?unsolicited=1` };
    const { flow } = known;
    const now = new Date(call.deps.clock.nowMs());
    if (known.is === 'expired' || !(await flows.claim(call.deps.db, flow.stateHash, now)))
      return { location: withQuery('/sign-in', { sso: 'flow_expired', provider: provider.id }) };
    const judged = await judgeAnswer(call, provider, flow, new URLSearchParams(call.body));
    const until = new Date(now.getTime() + RESULT_KEPT_MS);
    await flows.keepResult(call.deps.db, flow.stateHash, {
      result: sealResult(call.deps, flow, { of: 'answer', result: judged }),
      until,
    });
    return { location: `/api/v1/sso/${provider.id}/finish?id=${flow.stateHash.toString('base64url')}` };
  },
});

export const finish = route({
  summary: 'Finish a SAML sign-in',
  description: `Takes the outcome of the response once, in the browser that began. ${ENDS}`,
  permission: 'public',
  params: providerParams,
  query: z.strictObject({ id: text(64, 1) }),
  form: 'redirect',
  response: redirectOut,
  load: load.platform,
  handle: async (call) => {
    const found = await discover(call);
    const known = await flowOfId(call.deps, found.provider.id, call.query.id);
    if (known.is === 'lost' || !isOwnBrowser(call, known.flow)) return lost(call, found);
    if (known.is === 'expired') return refuse(call, found, { flow: known.flow, code: 'flow_expired' });
    const { flow } = known;
    const now = new Date(call.deps.clock.nowMs());
    const sealed = await call.deps.db.transaction((tx) => flows.takeResult(tx, flow.stateHash, now));
    const judged = sealed === null ? null : (openResult(call.deps, flow, { of: 'answer', sealed }) as Judged | null);
    return judged === null ? lost(call, found) : endFlow(call, found, flow, judged);
  },
});

/** Finds the provider of the path. 404 if there is none, or its organization is gone. */
export async function discover(call: AdminCall<{ readonly idp_id: string }, unknown, unknown>): Promise<ProviderOfOrganization> {
  const found = await providers.discover(call.deps.db, call.params.idp_id);
  if (found === null) throw notFound('identity provider');
  return found;
}

/** Returns the parameters of a query, each as often as it came. */
function paramsOf(query: Readonly<Record<string, string | readonly string[] | undefined>>): URLSearchParams {
  const params = new URLSearchParams();
  for (const [name, given = []] of Object.entries(query)) for (const one of [given].flat()) params.append(name, one as string);
  return params;
}
