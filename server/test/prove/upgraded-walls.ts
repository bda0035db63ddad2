/** An installation that the release before the walls wrote: people, tokens, keys, caps, upstreams, webhooks and chains, and what they did there. */
import { startVendor, type VendorDouble } from '../support/vendor-double.ts';
import { chat } from './data-plane.ts';
import type { Gateway } from './gateway.ts';
import { sayWith } from './signed-up.ts';
import { makeCredential, makeKey, makeModel, makeTenant } from './tenant.ts';
import { firstAdminToken, post, tokenIn } from './upgraded-accounts.ts';

export const MODEL = 'kept';
const PASSWORD = 'nine maps of the harbour';
const VENDORS_MODEL = 'words:3';

export interface EarlierPerson {
  readonly email: string;
  readonly password: string;
  readonly cookie: string;
  readonly accountId: string;
}

export interface EarlierToken {
  readonly id: string | null;
  readonly token: string;
  /** Who owns it in this version. */
  readonly owner: 'account' | 'installation' | 'nobody';
}

/** What was written; whoever is named here could do something before the upgrade. */
export interface EarlierInstallation {
  readonly vendor: VendorDouble;
  readonly organizationId: string;
  readonly teamId: string;
  readonly people: Readonly<Record<'a platform admin' | 'an owner' | 'a developer', EarlierPerson>>;
  readonly tokens: Readonly<Record<string, EarlierToken>>;
  readonly keys: Readonly<Record<string, string>>;
  readonly credentials: { readonly listed: string; readonly plain: string };
  /** Null: that release did not take a webhook on loopback. */
  readonly webhookId: string | null;
  /** Events of each chain, by its query. */
  readonly chains: Readonly<Record<string, number>>;
}

/** Writes it, over HTTP, as people of that release would. */
export async function writeEarlier(gateway: Gateway, origin: string): Promise<EarlierInstallation> {
  const vendor = await startVendor();
  const listed = await makeCredential(gateway, 'openai', `${vendor.base}/v1`);
  const plain = await makeCredential(gateway, 'openai', 'http://models.example.com/v1');
  await makeModel(gateway, { model: MODEL, provider: 'openai', upstreamModel: VENDORS_MODEL, credentialId: listed });
  const policy = { enabled: true, max_keys_per_member: 5, max_budget: '5.00' };
  const tenant = await makeTenant(gateway, {}, { self_service: policy });
  const { organizationId, teamId } = tenant;

  const founder = { token: await firstAdminToken(gateway), email: 'founder@x.test', name: 'Founder', password: PASSWORD };
  const cookie = await post(gateway, origin, '/session/first-admin', founder);
  const people = {
    'a platform admin': await personOf(gateway, origin, founder.email, cookie),
    'an owner': await invited(gateway, origin, 'owner@x.test', organizationId, 'org_owner'),
    'a developer': await invited(gateway, origin, 'developer@x.test', organizationId, 'org_member'),
  };
  const developer = people['a developer'];
  await gateway.admin('POST', `/teams/${teamId}/members`, { account_id: developer.accountId, role: 'team_developer' });

  const own = await as(gateway, origin, developer.cookie)('POST', '/keys', {
    ...{ team_id: teamId, name: 'own', owner: { account_id: developer.accountId } },
    budgets: [{ amount: '5.00', period: 'rolling', hours: 1 }],
  });
  const keys = { 'a service’s key': (await makeKey(gateway, tenant)).secret, 'a developer’s own key': own.secret as string };
  for (const [name, secret] of Object.entries(keys)) {
    const { status } = await chat(gateway, secret, MODEL);
    if (status !== 200) throw new Error(`before the upgrade ${name} was answered ${status}`);
  }
  const tokens = await writeTokens(gateway, origin, organizationId, people);
  const hook = { organization_id: organizationId, name: 'Inside', url: 'http://127.0.0.1:9/', events: ['budget.threshold'] };
  const stored = await gateway.ask<{ id: string }>('POST', '/webhooks', hook);
  const chains = { '': 0, [`organization_id=${organizationId}`]: 0 };
  for (const query of Object.keys(chains)) Object.assign(chains, { [query]: await eventsIn(gateway, query) });
  const webhookId = stored.status === 201 ? stored.body.id : null;
  return { vendor, organizationId, teamId, people, tokens, keys, credentials: { listed, plain }, webhookId, chains };
}

async function writeTokens(
  gateway: Gateway,
  origin: string,
  organization_id: string,
  people: EarlierInstallation['people'],
): Promise<EarlierInstallation['tokens']> {
  const make = async (owner: EarlierToken['owner'], maker: Make, body: object): Promise<EarlierToken> => {
    const { id, token } = (await maker('POST', '/admin-tokens', body)) as { id: string; token: string };
    return { id, token, owner };
  };
  const root: Make = (method, path, body) => gateway.admin(method, path, body);
  const admin = as(gateway, origin, people['a platform admin'].cookie);
  const leaver = await invited(gateway, origin, 'leaver@x.test', organization_id, 'org_admin');
  const left = await make('nobody', as(gateway, origin, leaver.cookie), { name: 'left', role: 'org_admin', organization_id });
  const { data } = await gateway.admin<{ data: { id: string; account_id: string }[] }>(
    'GET',
    `/organizations/${organization_id}/members?limit=200`,
  );
  const member = data.find((row) => row.account_id === leaver.accountId)?.id;
  await gateway.admin('DELETE', `/organizations/${organization_id}/members/${member}`);
  const owner = as(gateway, origin, people['an owner'].cookie);
  return {
    'the configured token': { id: null, token: gateway.adminToken, owner: 'installation' },
    'a platform admin’s token': await make('account', admin, { name: 'admins', role: 'platform_admin' }),
    'an owner’s token': await make('account', owner, { name: 'owners', role: 'org_admin', organization_id }),
    'a token that a token made': await make('nobody', root, { name: 'child', role: 'org_auditor', organization_id }),
    'a token whose maker was removed': left,
  };
}

type Make = (method: string, path: string, body?: object) => Promise<Record<string, unknown>>;

/** Calls of a session that must succeed. */
function as(gateway: Gateway, origin: string, cookie: string): Make {
  const say = sayWith(gateway.base, { cookie, origin });
  return async (method, path, body) => {
    const said = await say(method, path, body);
    if (said.status >= 300) throw new Error(`${method} ${path}: ${said.status} ${JSON.stringify(said.body)}`);
    return said.body as Record<string, unknown>;
  };
}

async function invited(gateway: Gateway, origin: string, email: string, organization_id: string, role: string) {
  const { link } = await gateway.admin<{ link: string }>('POST', '/invitations', { email, organization_id, role });
  const body = { token: tokenIn(link), name: email, password: PASSWORD };
  return personOf(gateway, origin, email, await post(gateway, origin, '/invitations/accept', body));
}

async function personOf(gateway: Gateway, origin: string, email: string, cookie: string): Promise<EarlierPerson> {
  const { account } = (await as(gateway, origin, cookie)('GET', '/session')) as { account: { id: string } };
  return { email, password: PASSWORD, cookie, accountId: account.id };
}

/** How many events a chain has; throws when it is not whole. */
export async function eventsIn(gateway: Gateway, query: string): Promise<number> {
  const verdict = await gateway.admin<{ intact: boolean }>('GET', `/audit-events/verify?${query}`);
  if (!verdict.intact) throw new Error(`the audit chain of ${query || 'the platform'} is not intact`);
  const page = await gateway.admin<{ data: { seq: number }[] }>('GET', `/audit-events?limit=1&${query}`);
  return page.data[0]?.seq ?? 0;
}
