/** The half of `identity.sso` that speaks OpenID Connect: two real providers in processes of their own, and one that is hostile. */
import type { JWK } from 'jose';
import { HOSTILE_CLIENT, HOSTILE_SECRET, honestClaims, hostileAnswers, tokens } from '../support/hostile-answers.ts';
import { type HostileIssuer, publicOf, startHostileIssuer } from '../support/hostile-issuer.ts';
import { type RunningProvider, signingKey, startOidcProvider } from '../support/oidc-provider.ts';
import {
  endOf,
  isIn,
  must,
  type SsoBrowser,
  type SsoOrganization,
  type SsoScenario,
  type SsoSite,
  signInOwn,
} from './identity-sso-site.ts';
import type { ProveResult } from './prove.ts';

const PEOPLE_QUICK = 4;
const PEOPLE = 24;
const ROLLOVERS_QUICK = 1;
const ROLLOVERS = 6;
/** Between two rollovers: a provider is asked for unknown keys at most so often. */
const ROLL_MS = 31_000;
const CLIENT = 'headgate';

/** One scenario, because its steps share two running providers. */
export const oidcScenarios: readonly SsoScenario[] = [{ name: 'OpenID Connect', run: openIdConnect }];

export interface Connected {
  readonly organization: SsoOrganization;
  readonly provider: RunningProvider;
  readonly providerId: string;
}

async function openIdConnect(site: SsoSite, { quick }: { readonly quick: boolean }): Promise<ProveResult> {
  const [acme, bolt, core] = site.organizations;
  const count = quick ? PEOPLE_QUICK : PEOPLE;
  const running: RunningProvider[] = [];
  const issuer = await startHostileIssuer();
  const wrong: string[] = [];
  try {
    const connected: Connected[] = [];
    for (const organization of [acme, bolt]) connected.push(await connect(site, organization, count, running));
    const [first, second] = connected as [Connected, Connected];
    for (const one of connected) wrong.push(...(await everybodySignsIn(site, one, count)));
    wrong.push(...(await rollOver(site, first, quick ? ROLLOVERS_QUICK : ROLLOVERS)));
    wrong.push(...(await providerSignsOut(site, second)));
    wrong.push(...(await hostileProvider(site, core, issuer)));
    wrong.push(...(await breakGlass(site, first)));
  } finally {
    for (const provider of running) await provider.stop();
    await issuer.close();
  }
  return { holds: wrong.length === 0, figure: `OpenID Connect: ${wrong.length} not as they should be`, details: wrong };
}

const person = (domain: string, at: number) => ({
  email: `person${at}@${domain}`,
  email_verified: true,
  name: `Person ${at}`,
  groups: at % 2 === 0 ? ['support'] : [],
  amr: ['pwd', 'otp'],
});

/** Starts a provider for an organization, tests it as its owner, and switches it on. */
export async function connect(
  site: SsoSite,
  organization: SsoOrganization,
  count: number,
  running: RunningProvider[],
): Promise<Connected> {
  const { domain, ownerEmail, id } = organization;
  const people = Object.fromEntries(Array.from({ length: count }, (_, at) => [`person${at}`, person(domain, at)]));
  const provider = await startOidcProvider({
    clients: [],
    people: { owner: { email: ownerEmail, name: 'Owner', amr: ['otp'] }, ...people },
  });
  running.push(provider);
  const providerId = await site.addProvider(organization, {
    ...{ name: `Provider of ${organization.slug}`, protocol: 'oidc', client_secret: HOSTILE_SECRET },
    config: { issuer: provider.issuer, client_id: CLIENT },
    ...{ creates_accounts: true, groups_claim: 'groups', second_factor_values: ['otp'] },
  });
  await provider.setClients([
    {
      client_id: CLIENT,
      client_secret: HOSTILE_SECRET,
      redirect_uris: [`${site.origin}/api/v1/sso/${providerId}/callback`],
      backchannel_logout_uri: `${site.gateway.base}/api/v1/sso/${providerId}/backchannel-logout`,
      backchannel_logout_session_required: true,
    },
  ]);
  await site.testAndActivate(organization, providerId, 'owner');
  must(
    await organization.owner.call('POST', `/organizations/${id}/group-mappings`, {
      ...{ source: providerId, value: 'support', role: 'org_auditor' },
    }),
  );
  return { organization, provider, providerId };
}

/** Everybody comes in at their own organization, and nowhere else. */
async function everybodySignsIn(
  site: SsoSite,
  { organization, providerId }: Connected,
  count: number,
): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (let at = 0; at < count; at += 1) {
    const browser = site.browser();
    const end = await browser.signIn(providerId, `person${at}`);
    if (end !== '/home' || !(await isIn(browser, organization))) {
      site.figures.lost += 1;
      wrong.push(`person${at} of ${organization.slug} ended at ${end}`);
      continue;
    }
    counted(site, `${organization.slug} OIDC`);
    wrong.push(...(await outside(site, browser, organization)));
  }
  return wrong;
}

function counted({ figures }: SsoSite, name: string): void {
  figures.signIns.set(name, (figures.signIns.get(name) ?? 0) + 1);
}

/** Counts the organizations in which a browser acts although its provider is another one's. */
async function outside(site: SsoSite, browser: SsoBrowser, own: SsoOrganization): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const other of site.organizations.filter(({ id }) => id !== own.id)) {
    if (!(await isIn(browser, other))) continue;
    site.figures.outside += 1;
    wrong.push(`a session of ${own.slug} acts in ${other.slug}`);
  }
  return wrong;
}

/** The provider signs with new keys while people are on their way. */
async function rollOver(
  site: SsoSite,
  { organization, provider, providerId }: Connected,
  times: number,
): Promise<readonly string[]> {
  const wrong: string[] = [];
  let rolledAtMs = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < times; at += 1) {
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, rolledAtMs + ROLL_MS - performance.now())));
    const before = [0, 1].map((who) => site.browser().signIn(providerId, `person${who}`));
    await provider.roll([await signingKey(`key-${at}`)]);
    rolledAtMs = performance.now();
    const after = [0, 1, 2].map((who) => site.browser().signIn(providerId, `person${who}`));
    for (const end of await Promise.all([...before, ...after])) {
      if (end === '/home') counted(site, `${organization.slug} OIDC`);
      else {
        site.figures.lost += 1;
        wrong.push(`a sign-in during rollover ${at} ended at ${end}`);
      }
    }
  }
  return wrong;
}

/** A logout at the provider ends here, once. */
async function providerSignsOut(site: SsoSite, { organization, provider, providerId }: Connected): Promise<readonly string[]> {
  const browser = site.browser();
  await browser.signIn(providerId, 'person0');
  const [row] = await site.query(
    'select sid from session_evidence where source = $1 and subject = $2 order by shown_at desc limit 1',
    [providerId, 'person0'],
  );
  const wasIn = await isIn(browser, organization);
  await provider.logOut({ clientId: CLIENT, sub: 'person0', sid: String(row?.sid) });
  const isStillIn = await isIn(browser, organization);
  return wasIn && !isStillIn ? [] : [`signed out at the provider: in before ${wasIn}, after ${isStillIn}`];
}

type Who = { readonly sub: string; readonly email: string };

/** A provider that signs whatever it likes, tested and switched on. */
interface Hostile {
  readonly providerId: string;
  /** Makes the tokens from honest claims from now on. */
  answersWith(make: (claims: Readonly<Record<string, unknown>>) => Promise<unknown>): void;
  /** Goes through its page, which sends the browser back at once, and returns the path at which the browser ends. */
  through(browser: SsoBrowser, start: string, who: Who): Promise<string>;
  signIn(who: Who): Promise<{ readonly browser: SsoBrowser; readonly end: string; readonly isIn: boolean }>;
}

export async function connectHostile(site: SsoSite, organization: SsoOrganization, issuer: HostileIssuer): Promise<Hostile> {
  let claims: Readonly<Record<string, unknown>> = {};
  issuer.answers.jwks = () => ({ body: { keys: [publicOf(issuer.keys.get('first') as JWK)] } });
  const providerId = await site.addProvider(organization, {
    ...{ name: 'Hostile', protocol: 'oidc', client_secret: HOSTILE_SECRET, creates_accounts: true },
    config: { issuer: issuer.issuer, client_id: HOSTILE_CLIENT },
  });
  let make: (claims: Readonly<Record<string, unknown>>) => Promise<unknown> = (honest) => issuer.sign(honest);
  issuer.answers.token = async () => {
    const made = await make(claims);
    return typeof made === 'string' ? tokens(made) : (made as ReturnType<typeof tokens>);
  };
  const through: Hostile['through'] = async (browser, start, who) => {
    const to = new URL(start.startsWith(site.origin) ? ((await browser.open(start)).headers.get('location') ?? '') : start);
    claims = honestClaims(issuer.issuer, to.searchParams.get('nonce') ?? '', who.sub, who.email);
    const back = new URL(to.searchParams.get('redirect_uri') ?? '');
    for (const [name, value] of Object.entries({ code: 'c', state: to.searchParams.get('state') ?? '' }))
      back.searchParams.set(name, value);
    return endOf(browser, back.href, site.origin);
  };
  const at = `/organizations/${organization.id}/identity-providers/${providerId}`;
  const test = must(await organization.owner.call('POST', `${at}/test`, {})) as { id: string; location: string };
  await through(organization.owner, test.location, { sub: 'ada', email: `ada@${organization.domain}` });
  must(await organization.owner.call('POST', `${at}/activate`));
  return {
    providerId,
    answersWith: (next) => {
      make = next;
    },
    through,
    signIn: async (who) => {
      const browser = site.browser();
      const end = await through(browser, `${site.origin}/api/v1/sso/${providerId}/start?return_to=/home`, who);
      return { browser, end, isIn: await isIn(browser, organization) };
    },
  };
}

/** Nobody comes in by a wrong answer of a hostile provider, and no right one opens another organization. */
export async function hostileProvider(site: SsoSite, core: SsoOrganization, issuer: HostileIssuer): Promise<readonly string[]> {
  const hostile = await connectHostile(site, core, issuer);
  const { signIn } = hostile;
  const ada = { sub: 'ada', email: `ada@${core.domain}` };
  const wrong: string[] = [];
  const honest = await signIn(ada);
  if (!honest.isIn) wrong.push(`an honest answer of the hostile provider ended at ${honest.end}`);
  else counted(site, `${core.slug} OIDC`);
  wrong.push(...(await outside(site, honest.browser, core)));
  for (const [what, make] of hostileAnswers(() => issuer)) {
    hostile.answersWith(make);
    const { end, isIn: isInside } = await signIn(ada);
    if (isInside || !end.startsWith('/sign-in?sso=')) wrong.push(`${what}: ended at ${end}`);
    else site.figures.refused += 1;
  }
  hostile.answersWith((right) => issuer.sign(right));
  return [...wrong, ...(await foreignAddresses(site, core, signIn))];
}

/** The hostile provider names people of other organizations, in every spelling that it could try. */
async function foreignAddresses(site: SsoSite, own: SsoOrganization, signIn: Hostile['signIn']): Promise<readonly string[]> {
  const wrong: string[] = [];
  const [acme, bolt] = site.organizations;
  const addresses = [acme, bolt].flatMap(({ ownerEmail, domain }) => [
    ...[
      ownerEmail,
      ownerEmail.toUpperCase(),
      `person0@${domain}`,
      `new@${domain}`,
      `owner@sub.${domain}`,
      `owner@${domain}.${own.domain}`,
    ],
  ]);
  for (const [at, email] of addresses.entries()) {
    const { browser, end } = await signIn({ sub: `foreign-${at}`, email });
    wrong.push(...(await outside(site, browser, own)));
    if (end.startsWith('/sign-in?sso=')) site.figures.refused += 1;
    else wrong.push(`${email} of another domain came in, at ${end}`);
  }
  return wrong;
}

/** The organization requires its provider, which then is down: only the break-glass owner comes in, with a passkey. */
async function breakGlass(site: SsoSite, { organization, provider, providerId }: Connected): Promise<readonly string[]> {
  const { id, ownerId, owner } = organization;
  const admin = await site.member(organization, 'org_admin');
  if (!(await isIn(admin, organization))) return ['an admin with a password is not in before the provider is required'];
  const through = site.browser();
  await through.signIn(providerId, 'owner');
  if (!(await isIn(through, organization))) return ['the owner did not come in through the provider'];
  must(
    await owner.call('PUT', `/organizations/${id}/sign-in-policy`, {
      ...{ sign_in: 'sso', second_factor: 'off', evidence_hours: 12, idle_minutes: null, asks_again: false },
      break_glass: [ownerId],
    }),
  );
  provider.pause();
  try {
    const byPasskey = await signInOwn(site, organization);
    const [isOwnerIn, isAdminIn] = [await isIn(byPasskey, organization), await isIn(admin, organization)];
    site.figures.breakGlass += isOwnerIn ? 1 : 0;
    const events = must(await byPasskey.call('GET', `/audit-events?organization_id=${id}&limit=50`)).data as { action: string }[];
    const actions = [...new Set(events.map(({ action }) => action))];
    return [
      ...(isOwnerIn ? [] : ['the break-glass owner did not come in while the provider was down']),
      ...(isAdminIn ? ['an admin with a password came in although the provider is required'] : []),
      ...(actions.some((action) => action.includes('break_glass'))
        ? []
        : [`no event tells of break-glass: ${actions.join(', ')}`]),
    ];
  } finally {
    provider.resume();
  }
}
