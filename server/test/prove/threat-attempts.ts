/** The threats to signing in, each tried by hand against a gateway in a process of its own: with real providers, a hostile one, and a database. */
import { startHostileIssuer } from '../support/hostile-issuer.ts';
import type { RunningProvider } from '../support/oidc-provider.ts';
import { openClient } from '../support/pg-client.ts';
import { hostileTokensAtGateway } from './identity-jwt.ts';
import { type Connected, connect, connectHostile, hostileProvider } from './identity-sso-oidc.ts';
import { samlThreats } from './identity-sso-saml.ts';
import { endOf, isIn, must, openSsoSite, PASSWORD, type SsoBrowser, type SsoSite } from './identity-sso-site.ts';
import type { ProveOptions } from './prove.ts';
import { escalations } from './scim-escalations.ts';
import type { THREATS } from './threat-tests.ts';
import type { Tried } from './wall-patterns.ts';

interface Attempt {
  readonly pattern: (typeof THREATS)[number];
  readonly name: string;
  /** Returns what should not have worked. */
  run(site: SsoSite): Promise<readonly string[]>;
}

const ATTEMPTS: readonly Attempt[] = [
  {
    pattern: 'a hostile provider asserts any address',
    name: 'the provider of B names the owner of A, by address and linked: no role outside B',
    run: linkedOwner,
  },
  {
    pattern: 'a hostile provider asserts any address',
    name: 'every hostile token, and every spelling of the addresses of two other organizations',
    run: async (site) => {
      const issuer = await startHostileIssuer();
      return hostileProvider(site, site.organizations[2], issuer).finally(() => issuer.close());
    },
  },
  {
    pattern: 'providers are mixed up, or a browser is signed in by another one',
    name: 'codes and states of two providers swapped in every way, and answers in a second browser',
    run: swapped,
  },
  {
    pattern: 'XML is wrapped, or a response comes again',
    name: 'the whole hostile set of responses; 20 posts of one response, one session; a second browser',
    run: samlThreats,
  },
  {
    pattern: 'a token is put in another’s place',
    name: 'A’s token at B, none, HS, equal prefixes and the other hostile tokens, exchanged and in place of a key',
    run: async () => problemsOf(await hostileTokensAtGateway()),
  },
  {
    pattern: 'a directory gives more than it may',
    name: 'groups of the names of roles, foreign addresses, and people of another tenant',
    run: async ({ gateway, databaseUrl }) => {
      const database = await openClient(databaseUrl);
      return problemsOf(await escalations(gateway, database).finally(() => database.end()));
    },
  },
  {
    pattern: 'a redirect leads elsewhere',
    name: 'every start of a way with a page of another host',
    run: elsewhere,
  },
];

export async function tryThreats({ doing }: ProveOptions): Promise<readonly Tried[]> {
  const opened = await openSsoSite();
  if ('lacks' in opened)
    return ATTEMPTS.map(({ pattern, name }) => ({ pattern, name, problems: [`${opened.lacks} is missing`] }));
  const { site, close } = opened;
  const tried: Tried[] = [];
  try {
    for (const { pattern, name, run } of ATTEMPTS) {
      doing?.(name);
      const before = site.figures.refused;
      const problems = await run(site).catch((error: Error) => [error.stack ?? error.message]);
      tried.push({ pattern, name, problems, refused: site.figures.refused - before });
    }
  } finally {
    await close();
  }
  return tried;
}

function problemsOf({ holds, figure, details = [] }: { holds: boolean; figure: string; details?: readonly string[] }) {
  return holds ? [] : [figure, ...details];
}

/** The owner of A is a member of B too, and links themselves at B's provider, which then signs in as them. */
async function linkedOwner(site: SsoSite): Promise<readonly string[]> {
  const [acme, bolt] = site.organizations;
  const issuer = await startHostileIssuer();
  try {
    const { providerId, through, signIn } = await connectHostile(site, bolt, issuer);
    const named = await signIn({ sub: 'by-address', email: acme.ownerEmail });
    await site.gateway.admin('POST', `/organizations/${bolt.id}/members`, { account_id: acme.ownerId, role: 'org_member' });
    const again = await signIn({ sub: 'by-address', email: acme.ownerEmail });
    const evil = { sub: 'evil', email: `evil@${bolt.domain}` };
    const { location } = must(await acme.owner.call('POST', `/sso/${providerId}/link`, { address: evil.email }));
    await through(acme.owner, String(location), evil);
    const { browser } = await signIn(evil);
    const session = must(await browser.call('GET', '/session')) as {
      readonly account: { readonly id: string };
      readonly capabilities_by_organization: Readonly<Record<string, readonly string[]>>;
    };
    const opened = Object.keys(session.capabilities_by_organization);
    const [atOwn, password, passkey] = [
      await isIn(browser, acme),
      await browser.call('POST', '/session/password', { current_password: PASSWORD, new_password: 'seven maps of the desert' }),
      await browser.call('POST', '/session/passkeys/options', { password: PASSWORD }),
    ];
    return [
      ...(named.end.startsWith('/sign-in?sso=') ? [] : [`the owner of A was named, and came in at ${named.end}`]),
      ...(again.end.startsWith('/sign-in?sso=') ? [] : [`the owner of A, a member of B, was named and came in at ${again.end}`]),
      ...(session.account.id === acme.ownerId ? [] : ['the linked provider signed somebody else in: nothing was tried']),
      ...(opened.join() === bolt.id ? [] : [`the session opens ${opened.join(', ')}`]),
      ...(atOwn ? ['the session of B’s provider acts in A'] : []),
      ...[password, passkey].flatMap(({ status }) => (status >= 400 ? [] : ['the session changes the account itself'])),
    ];
  } finally {
    await issuer.close();
  }
}

/** Two real providers. Each swap is an attempt of its own, because a way ends with its first answer. */
async function swapped(site: SsoSite): Promise<readonly string[]> {
  const [acme, bolt] = site.organizations;
  const running: RunningProvider[] = [];
  try {
    const one = await connect(site, acme, 2, running);
    const two = await connect(site, bolt, 2, running);
    const wrong: string[] = [];
    for (const [name, answer] of SWAPS) {
      const browser = site.browser();
      const [first, second] = [await answerOf(site, browser, one), await answerOf(site, browser, two)];
      const to = answer(site, { first, second, one, two });
      wrong.push(...(await refusedAt(site, browser, name, to)));
    }
    const [attacker, victim] = [site.browser(), site.browser()];
    const kept = await answerOf(site, attacker, one);
    wrong.push(...(await refusedAt(site, victim, 'an answer in a second browser', kept.href)));
    // It was a good answer: in its own browser it opens what it should, and then no more.
    await endOf(attacker, kept.href, site.origin);
    if (!(await isIn(attacker, acme))) wrong.push('the answer of the second browser was not good in the first one');
    wrong.push(...(await refusedAt(site, site.browser(), 'a used answer', kept.href)));
    return wrong;
  } finally {
    for (const provider of running) await provider.stop();
  }
}

interface Answers {
  readonly first: URL;
  readonly second: URL;
  readonly one: Connected;
  readonly two: Connected;
}

const callbackOf = ({ origin }: SsoSite, { providerId }: Connected, from: URL, parts: Readonly<Record<string, string>> = {}) => {
  const url = new URL(`${origin}/api/v1/sso/${providerId}/callback${from.search}`);
  for (const [name, value] of Object.entries(parts)) url.searchParams.set(name, value);
  return url.href;
};
const codeOf = (url: URL) => ({ code: url.searchParams.get('code') ?? '' });
const stateOf = (url: URL) => ({ state: url.searchParams.get('state') ?? '' });

const SWAPS: readonly (readonly [name: string, answer: (site: SsoSite, answers: Answers) => string])[] = [
  [
    'the code of the first with the state of the second',
    (site, { two, second, first }) => callbackOf(site, two, second, codeOf(first)),
  ],
  [
    'the code of the second with the state of the first',
    (site, { one, first, second }) => callbackOf(site, one, first, codeOf(second)),
  ],
  ['the whole answer of the first at the second', (site, { two, first }) => callbackOf(site, two, first)],
  ['the whole answer of the second at the first', (site, { one, second }) => callbackOf(site, one, second)],
  ['the first at the second with its state', (site, { two, first, second }) => callbackOf(site, two, first, stateOf(second))],
  [
    'the code of the first, named as issued by the second',
    (site, { one, first, two }) => callbackOf(site, one, first, { iss: two.provider.issuer }),
  ],
];

/** Goes through a provider and returns its answer, unopened. */
async function answerOf(site: SsoSite, browser: SsoBrowser, { providerId }: Connected): Promise<URL> {
  const start = `${site.origin}/api/v1/sso/${providerId}/start?login_hint=person0&return_to=/home`;
  return new URL(await browser.follow(start, `${site.origin}/api/v1/sso/${providerId}/callback`));
}

async function refusedAt(site: SsoSite, browser: SsoBrowser, name: string, url: string): Promise<readonly string[]> {
  const end = await endOf(browser, url, site.origin);
  const isSignedIn = (await browser.call('GET', '/session')).status === 200;
  return end.startsWith('/sign-in?sso=') && !isSignedIn ? [] : [`${name}: ended at ${end}${isSignedIn ? ', signed in' : ''}`];
}

const PAGES = [
  '//evil.test',
  '/\\evil.test',
  '/%5cevil.test',
  '/%5Cevil.test',
  '/%2f%2fevil.test',
  '/\t/evil.test',
  '\\\\evil.test',
];
const MORE = [
  'https://evil.test',
  'javascript:alert(1)',
  'evil.test',
  '/a//evil.test',
  '/%0d%0alocation:https://evil.test',
  ' //evil.test',
];

async function elsewhere(site: SsoSite): Promise<readonly string[]> {
  const [acme] = site.organizations;
  const { data } = must(await acme.owner.call('GET', `/organizations/${acme.id}/identity-providers`)) as {
    data: readonly { id: string }[];
  };
  const id = data[0]?.id;
  if (id === undefined) return ['there is no provider to start at'];
  const wrong: string[] = [];
  for (const page of [...PAGES, ...MORE]) {
    const answer = await site.browser().open(`${site.origin}/api/v1/sso/${id}/start?return_to=${encodeURIComponent(page)}`);
    const raw = await site.browser().open(`${site.origin}/api/v1/sso/${id}/start?return_to=${page.replaceAll(/\s/g, '%09')}`);
    const link = await acme.owner.call('POST', `/sso/${id}/link`, { return_to: page });
    const test = await acme.owner.call('POST', `/organizations/${acme.id}/identity-providers/${id}/test`, { return_to: page });
    const statuses = [answer.status, raw.status, link.status, test.status];
    if (statuses.some((status) => status !== 400)) wrong.push(`${JSON.stringify(page)} was answered ${statuses.join(', ')}`);
  }
  return wrong;
}
