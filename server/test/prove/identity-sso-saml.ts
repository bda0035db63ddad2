/** The half of `identity.sso` that speaks SAML: a provider of ours that signs whatever a test wants, and pysaml2, which we did not write. */
import { inflateRawSync } from 'node:zlib';
import { hasPysaml2, startPysaml2 } from '../support/pysaml2-provider.ts';
import { HOSTILE } from '../support/saml-hostile.ts';
import * as idp from '../support/saml-provider.ts';
import { testCertificate } from '../support/tls-certificate.ts';
import { endOf, isIn, must, type SsoBrowser, type SsoOrganization, type SsoScenario, type SsoSite } from './identity-sso-site.ts';
import type { ProveResult } from './prove.ts';

const PEOPLE_QUICK = 3;
const PEOPLE = 20;
/** The quick form posts every third hostile response. */
const HOSTILE_STEP_QUICK = 3;
const POSTS = 20;
/** A provider's metadata is read for an unknown certificate at most so often. */
const REFRESH_MS = 5_500;

export const samlScenarios: readonly SsoScenario[] = [{ name: 'SAML', run: saml }];

interface Connected {
  readonly organization: SsoOrganization;
  readonly providerId: string;
  /** Makes the provider say this person at the next sign-in. */
  readonly says: (person: { readonly nameId: string; readonly email: string }) => Promise<void>;
}

async function saml(site: SsoSite, { quick }: { readonly quick: boolean }): Promise<ProveResult> {
  const [, bolt, core] = site.organizations;
  if (!hasPysaml2) return { holds: true, figure: 'SAML skipped: python3-pysaml2 or xmlsec1 is not installed' };
  const [signer, next, other] = [idp.newSigner(), idp.newSigner(), idp.newSigner()];
  const ours = await idp.startSamlProvider(signer, (acs) => acs.replace(/acs$/, 'metadata'), { tls: testCertificate });
  const theirs = await startPysaml2(signer, { person: { name_id: 'x', attributes: {} }, sign: 'assertion' });
  try {
    const count = quick ? PEOPLE_QUICK : PEOPLE;
    const first = await connect(site, core, ours.metadataUrl, async ({ nameId, email }) => {
      ours.person = { nameId, attributes: [['mail', [email]]] };
    });
    const second = await connect(
      site,
      bolt,
      theirs.metadataUrl,
      ({ nameId, email }) => theirs.setPerson({ name_id: nameId, attributes: { mail: [email], displayName: [nameId] } }),
      async (metadata) => theirs.meet(metadata),
    );
    const wrong = [
      ...(await everybodySignsIn(site, first, count)),
      ...(await everybodySignsIn(site, second, count)),
      ...(await hostileSet(site, first, { ours, signer, other }, quick ? HOSTILE_STEP_QUICK : 1)),
      ...(await oneResponseOfManyPosts(site, first)),
      ...(await secondBrowser(site, first)),
      ...(await unsolicited(site, first, { ours, signer })),
      ...(await rollOver(site, first, { ours, signer, next })),
    ];
    return { holds: wrong.length === 0, figure: `SAML: ${wrong.length} not as they should be`, details: wrong };
  } finally {
    await ours.stop();
    await theirs.stop();
  }
}

/** What is tried against SAML, on a site of its own: the whole hostile set, many posts of one response, a second browser. */
export async function samlThreats(site: SsoSite): Promise<readonly string[]> {
  const [, , core] = site.organizations;
  const [signer, other] = [idp.newSigner(), idp.newSigner()];
  const ours = await idp.startSamlProvider(signer, (acs) => acs.replace(/acs$/, 'metadata'), { tls: testCertificate });
  try {
    const connected = await connect(site, core, ours.metadataUrl, async ({ nameId, email }) => {
      ours.person = { nameId, attributes: [['mail', [email]]] };
    });
    return [
      ...(await everybodySignsIn(site, connected, 1)),
      ...(await hostileSet(site, connected, { ours, signer, other }, 1)),
      ...(await oneResponseOfManyPosts(site, connected)),
      ...(await secondBrowser(site, connected)),
      ...(await unsolicited(site, connected, { ours, signer })),
    ];
  } finally {
    await ours.stop();
  }
}

/** Adds a provider by the address of its metadata, lets it know ours, tests it as its owner, and switches it on. */
async function connect(
  site: SsoSite,
  organization: SsoOrganization,
  metadataUrl: string,
  says: Connected['says'],
  meet: (metadata: string) => Promise<void> = async () => {},
): Promise<Connected> {
  const { id, owner, ownerEmail } = organization;
  const providerId = await site.addProvider(organization, {
    ...{ name: `SAML of ${organization.slug}`, protocol: 'saml', config: { metadata_url: metadataUrl }, creates_accounts: true },
  });
  await meet(await (await fetch(`${site.gateway.base}/api/v1/sso/${providerId}/metadata`)).text());
  await says({ nameId: 'owner', email: ownerEmail });
  const at = `/organizations/${id}/identity-providers/${providerId}`;
  const test = must(await owner.call('POST', `${at}/test`, {})) as { id: string; location: string };
  await through(site, owner, test.location);
  const result = must(await owner.call('GET', `${at}/test-result?id=${test.id}`));
  if (result.state !== 'passed') throw new Error(`the test of ${providerId}: ${JSON.stringify(result)}`);
  must(await owner.call('POST', `${at}/activate`));
  return { organization, providerId, says };
}

const startOf = (site: SsoSite, providerId: string) => `${site.origin}/api/v1/sso/${providerId}/start?return_to=/home`;

/** Returns the address of the provider with our request. */
async function asked(site: SsoSite, browser: SsoBrowser, providerId: string): Promise<URL> {
  return new URL((await browser.open(startOf(site, providerId))).headers.get('location') ?? '');
}

/** Opens the page of the provider, and returns the form that it wants posted. */
async function formAt(location: string): Promise<ReturnType<typeof idp.readPostForm>> {
  return idp.readPostForm(await (await fetch(location)).text());
}

/** Posts a form as a browser does for a page of another site: without cookies. Returns where it leads. */
async function post(action: string, fields: URLSearchParams): Promise<string> {
  const headers = {
    origin: new URL(action).protocol === 'https:' ? 'https://idp.example' : 'http://127.0.0.1',
    'sec-fetch-site': 'cross-site',
  };
  const answer = await fetch(action, { method: 'POST', body: fields, headers, redirect: 'manual' });
  const to = answer.headers.get('location');
  if (to === null) throw new Error(`${action} answered ${answer.status}: ${(await answer.text()).slice(0, 300)}`);
  return new URL(to, action).href;
}

/** Goes from the provider's page back to ours, and returns the path at which the browser ends. */
async function through(site: SsoSite, browser: SsoBrowser, location: string): Promise<string> {
  const { action, fields } = await formAt(location);
  return endOf(browser, await post(action, fields), site.origin);
}

async function signIn(site: SsoSite, providerId: string) {
  const browser = site.browser();
  return { browser, end: await through(site, browser, (await asked(site, browser, providerId)).href) };
}

/** Everybody comes in at their own organization, and nowhere else. */
async function everybodySignsIn(
  site: SsoSite,
  { organization, providerId, says }: Connected,
  count: number,
): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (let at = 0; at < count; at += 1) {
    await says({ nameId: `saml-${at}`, email: `saml${at}@${organization.domain}` });
    const { browser, end } = await signIn(site, providerId);
    if (end !== '/home' || !(await isIn(browser, organization))) {
      site.figures.lost += 1;
      wrong.push(`saml-${at} of ${organization.slug} ended at ${end}`);
      continue;
    }
    counted(site, organization);
    for (const other of site.organizations.filter(({ id }) => id !== organization.id)) {
      if (!(await isIn(browser, other))) continue;
      site.figures.outside += 1;
      wrong.push(`a SAML session of ${organization.slug} acts in ${other.slug}`);
    }
  }
  return wrong;
}

function counted({ figures }: SsoSite, { slug }: SsoOrganization): void {
  figures.signIns.set(`${slug} SAML`, (figures.signIns.get(`${slug} SAML`) ?? 0) + 1);
}

interface Ours {
  readonly ours: idp.RunningProvider;
  readonly signer: idp.Signer;
}

/** Returns what an honest provider says in answer to a request. */
function saidFor({ ours }: Pick<Ours, 'ours'>, request: URL): idp.Said {
  const xml = inflateRawSync(Buffer.from(request.searchParams.get('SAMLRequest') ?? '', 'base64')).toString();
  const acs = / AssertionConsumerServiceURL="([^"]*)"/.exec(xml)?.[1] ?? '';
  const requestId = / ID="([^"]*)"/.exec(xml)?.[1] ?? '';
  return {
    issuer: ours.entityId,
    acs,
    audience: acs.replace(/acs$/, 'metadata'),
    requestId,
    nowMs: Date.now(),
    assertionId: `_${crypto.randomUUID()}`,
  };
}

/** No response of the hostile set makes a session, although its browser began the sign-in. */
async function hostileSet(
  site: SsoSite,
  { organization, providerId }: Connected,
  { ours, signer, other }: Ours & { readonly other: idp.Signer },
  step: number,
): Promise<readonly string[]> {
  const wrong: string[] = [];
  const before = await sessionsOf(site, providerId);
  for (let at = 0; at < HOSTILE.length; at += step) {
    const { name, make } = HOSTILE[at] as (typeof HOSTILE)[number];
    const browser = site.browser();
    const request = await asked(site, browser, providerId);
    const said = saidFor({ ours }, request);
    const fields = new URLSearchParams({
      SAMLResponse: make({ said, signer, other }),
      RelayState: request.searchParams.get('RelayState') ?? '',
    });
    const end = await endOf(browser, await post(said.acs, fields), site.origin);
    if (!end.startsWith('/sign-in?sso=') || (await isIn(browser, organization))) wrong.push(`${name}: ended at ${end}`);
    else site.figures.refused += 1;
  }
  const made = (await sessionsOf(site, providerId)) - before;
  return made === 0 ? wrong : [...wrong, `the hostile set made ${made} sessions`];
}

async function sessionsOf(site: SsoSite, providerId: string): Promise<number> {
  const [row] = await site.query('select count(*)::int as total from session_evidence where source = $1', [providerId]);
  return Number(row?.total);
}

/** One response, posted twenty times at once, makes one session. */
async function oneResponseOfManyPosts(site: SsoSite, { providerId, says, organization }: Connected): Promise<readonly string[]> {
  await says({ nameId: 'saml-0', email: `saml0@${organization.domain}` });
  const before = await sessionsOf(site, providerId);
  const browser = site.browser();
  const { action, fields } = await formAt((await asked(site, browser, providerId)).href);
  const leads = await Promise.all(Array.from({ length: POSTS }, () => post(action, fields)));
  const ends = await Promise.all(leads.map((to) => endOf(browser, to, site.origin)));
  const made = (await sessionsOf(site, providerId)) - before;
  const home = ends.filter((end) => end === '/home').length;
  return made === 1 && home === 1 ? [] : [`${POSTS} posts of one response made ${made} sessions; ${home} led home`];
}

/** A response that one browser asked for signs no other browser in. */
async function secondBrowser(site: SsoSite, { providerId, organization }: Connected): Promise<readonly string[]> {
  const before = await sessionsOf(site, providerId);
  const [attacker, victim] = [site.browser(), site.browser()];
  const { action, fields } = await formAt((await asked(site, attacker, providerId)).href);
  const end = await endOf(victim, await post(action, fields), site.origin);
  const made = (await sessionsOf(site, providerId)) - before;
  const isInside = await isIn(victim, organization);
  return made === 0 && !isInside && end.startsWith('/sign-in?sso=')
    ? []
    : [`a second browser ended at ${end}, with ${made} sessions`];
}

/** A response that nobody asked for starts a sign-in of our own. */
async function unsolicited(site: SsoSite, { providerId }: Connected, { ours, signer }: Ours): Promise<readonly string[]> {
  const acs = `${site.origin}/api/v1/sso/${providerId}/acs`;
  const said = { ...saidFor({ ours }, await asked(site, site.browser(), providerId)), requestId: null };
  const to = await post(acs, new URLSearchParams({ SAMLResponse: idp.toBase64(idp.honest(said, signer)) }));
  const next = await site.browser().open(to);
  const isAsked = (next.headers.get('location') ?? '').startsWith(`${ours.url}/sso?SAMLRequest=`);
  return isAsked ? [] : [`an unsolicited response led to ${to} and ${next.headers.get('location')}`];
}

/** The provider signs by a new certificate at once, while people are on their way. Its metadata lists it at the pinned address. */
async function rollOver(
  site: SsoSite,
  { organization, providerId }: Connected,
  { ours, next }: Ours & { readonly next: idp.Signer },
): Promise<readonly string[]> {
  const onTheirWay = await Promise.all(
    [0, 1, 2].map(async () => {
      const browser = site.browser();
      return { browser, form: await formAt((await asked(site, browser, providerId)).href) };
    }),
  );
  // The hostile set has just made the metadata be read.
  await new Promise((resolve) => setTimeout(resolve, REFRESH_MS));
  ours.use(next);
  const before = onTheirWay.map(async ({ browser, form }) => endOf(browser, await post(form.action, form.fields), site.origin));
  const after = [0, 1, 2, 3, 4].map(async () => (await signIn(site, providerId)).end);
  const wrong: string[] = [];
  for (const end of await Promise.all([...before, ...after])) {
    if (end === '/home') counted(site, organization);
    else {
      site.figures.lost += 1;
      wrong.push(`a SAML sign-in during the rollover ended at ${end}`);
    }
  }
  return wrong;
}
