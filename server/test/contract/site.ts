/** A gateway with three tenants, people of several roles, and one object of each kind, for calls that name what is there. */
import { makeGround, makeShared } from '../admin/ground.ts';
import type { Client } from '../admin/support.ts';
import { chat } from '../prove/data-plane.ts';
import { type Gateway, startGateway } from '../prove/gateway.ts';
import { HOSTILE_CLIENT, HOSTILE_SECRET } from '../support/hostile-answers.ts';
import { startHostileIssuer } from '../support/hostile-issuer.ts';
import { freePort } from '../support/ports.ts';
import { newSigner } from '../support/saml-provider.ts';
import { makeTenants, type Root, signUp } from '../support/tenants.ts';
import type { Operation } from './contract.ts';

/** Who asks: the platform's admin token, or a person with a session. */
export type Headers = Readonly<Record<string, string>>;

export interface ContractSite {
  readonly gateway: Gateway;
  /** The headers of somebody who may make the call, mostly; of others now and then. */
  callerOf(operation: Operation, pick: (below: number) => number): Headers;
  /** Values for a field, or for a place in a path (`keys/id`), that are there. */
  known(name: string): readonly string[];
  stop(): Promise<void>;
  /** Learns the ids that an answer holds. */
  learn(operation: Operation, body: unknown): void;
}

const MODEL = 'fuzzed';
/** The newest ids of a kind are used: the objects of the oldest were deleted by now, perhaps. */
const KNOWN_MAX = 24;

/** Addresses that nothing answers. A fuzz calls nobody. */
const ADDRESSES = ['http://127.0.0.1:9/v1', 'http://127.0.0.1:1', 'https://gateway.invalid/v1', 'https://hooks.invalid/x'];

export async function openContractSite(): Promise<ContractSite> {
  const port = await freePort();
  // Providers and programs that log in are answered only where people can be sent back to.
  const origin = `http://localhost:${port}`;
  const gateway = await startGateway({
    env: { HEADGATE_PORT: String(port), HEADGATE_PUBLIC_URL: origin, HEADGATE_ALLOWED_IDENTITY_PROVIDERS: '127.0.0.1' },
  });
  const issuer = await startHostileIssuer();
  const client: Client = async (method, path, body) => {
    const answer = await gateway.ask(method, path, body);
    return { status: answer.status, headers: {}, body: answer.body, text: JSON.stringify(answer.body) };
  };
  const root = (method: string, path: string, body?: unknown) => gateway.admin(method, path, body);
  const tenants = await makeTenants(root);
  const deployment = {
    model: MODEL,
    provider: 'fake',
    upstream_model: 'fake-small',
    mode: 'chat',
    prices: { input_per_million: '1', output_per_million: '2' },
  };
  await root('POST', '/deployments', deployment);
  const shared = await makeShared(client);
  const pool = new Pool(await ownTokenIds(gateway));
  for (const { teams } of tenants) {
    pool.learn('', await makeGround(client, teams[0], shared));
    const said = await chat(gateway, teams[0].key.secret, MODEL);
    pool.add('requests/request_id', said.headers.get('x-request-id') ?? '');
  }
  const [mine] = tenants;
  pool.learn('', await addProviders(root, mine.organizationId, issuer.issuer));
  const people: Headers[] = [];
  for (const role of ['platform_admin', 'org_owner', 'org_member', 'team_developer'] as const) {
    const person = await signUp({ base: origin, root }, role, mine.teams[0]);
    pool.leave(person.accountId);
    people.push({ cookie: person.cookie, origin });
  }
  const jobs = await gateway.admin<{ data: { name: string }[] }>('GET', '/jobs');
  for (const { name } of jobs.data) pool.add('jobs/name', name);
  for (const path of ['/organizations', '/teams', '/accounts', '/keys', '/saved-views', '/alerts', '/organization-templates'])
    pool.learn(path, (await gateway.ask('GET', `${path}?limit=50`)).body);
  return {
    gateway,
    callerOf: (operation, pick) => callerOf(gateway, people, operation, pick),
    known: (name) => pool.known(name),
    learn: (operation, body) => pool.learn(operation.path, body),
    stop: async () => {
      await gateway.stop();
      await issuer.close();
    },
  };
}

/** A provider of each protocol, so that their forms are taken by somebody. */
async function addProviders(root: Root, organizationId: string, issuer: string): Promise<readonly unknown[]> {
  const saml = { entity_id: 'https://saml.invalid', sso_url: 'https://saml.invalid/sso', certificates: [newSigner().pem] };
  const path = `/organizations/${organizationId}/identity-providers`;
  const oidc = { config: { issuer, client_id: HOSTILE_CLIENT }, client_secret: HOSTILE_SECRET };
  return [
    await root('POST', path, { name: 'SAML', protocol: 'saml', config: saml }),
    await root('POST', path, { name: 'OpenID Connect', protocol: 'oidc', ...oidc }),
  ];
}

/** The ids of the token that the fuzz itself calls with: revoked, it would end the run. */
async function ownTokenIds(gateway: Gateway): Promise<ReadonlySet<string>> {
  const { data } = await gateway.admin<{ data: { id: string }[] }>('GET', '/admin-tokens?limit=200');
  return new Set(data.map(({ id }) => id));
}

const SIGNED_IN = /^\/(session|saved-views)/;
/** What ends sessions, of which the last person has no further use. */
const ENDS_SESSIONS = /^(DELETE \/session(\/sessions.*)?|POST \/session\/password)$/;

function callerOf(
  { adminToken }: Gateway,
  people: readonly Headers[],
  { isPublic, method, path }: Operation,
  pick: (below: number) => number,
): Headers {
  const token = { authorization: `Bearer ${adminToken}` };
  if (isPublic) return {};
  if (ENDS_SESSIONS.test(`${method} ${path}`)) return people.at(-1) as Headers;
  if (SIGNED_IN.test(path)) return pick(10) === 0 ? token : (people[pick(people.length - 1)] as Headers);
  const chance = pick(20);
  if (chance === 0) return {};
  return chance < 5 ? (people[pick(people.length)] as Headers) : token;
}

/** Ids by what they are ids of. */
class Pool {
  readonly #byPrefix = new Map<string, string[]>();
  readonly #byName = new Map<string, string[]>();
  /** Ids that the calls need: without them the callers would be nobody. */
  readonly #own: Set<string>;

  constructor(own: ReadonlySet<string>) {
    this.#own = new Set(own);
  }

  leave(id: string): void {
    this.#own.add(id);
  }

  add(name: string, value: string): void {
    keep(this.#byName, name, value);
  }

  learn(path: string, value: unknown): void {
    for (const [id, prefix = ''] of JSON.stringify(value ?? null).matchAll(/\b([a-z]{2,5})_[0-9a-f]{32}\b/g)) {
      if (!this.#own.has(id)) keep(this.#byPrefix, prefix, id);
    }
    const resource = path.split('/')[1] ?? '';
    if (typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string' && !this.#own.has(value.id))
      keep(this.#byName, `${resource}/id`, value.id);
  }

  known(name: string): readonly string[] {
    const fixed = FIXED[name];
    if (fixed !== undefined) return fixed;
    const [resource = '', parameter] = name.split('/');
    const prefix = parameter === undefined || parameter === 'id' ? undefined : PREFIXES[parameter];
    if (parameter === undefined) return this.#byPrefix.get(PREFIXES[resource] ?? '') ?? [];
    const own = parameter === 'id' ? (this.#byPrefix.get(PREFIXES[resource] ?? '') ?? []) : [];
    return [...(this.#byPrefix.get(prefix ?? '') ?? []), ...own, ...(this.#byName.get(name) ?? [])];
  }
}

function keep(into: Map<string, string[]>, name: string, value: string): void {
  const kept = into.get(name) ?? [];
  if (kept.includes(value)) return;
  kept.push(value);
  if (kept.length > KNOWN_MAX) kept.shift();
  into.set(name, kept);
}

/** The prefix of ids in a field of this name, and at the first part of a path. */
const PREFIXES: Readonly<Record<string, string>> = {
  ...{ organization_id: 'org', organization_ids: 'org', like_organization_id: 'org', organizations: 'org' },
  ...{ team_id: 'team', teams: 'team', key_id: 'key', keys: 'key', member_id: 'mem' },
  ...{ account_id: 'acct', responsible_account_id: 'acct', recipient: 'acct', accounts: 'acct' },
  ...{ service_account_id: 'svc', 'service-accounts': 'svc', reassign_keys_to: 'svc' },
  ...{ deployment_id: 'dep', deployments: 'dep', credential_id: 'cred', credentials: 'cred' },
  ...{ 'route-groups': 'rg', webhooks: 'hook', webhook_id: 'hook', delivery_id: 'dlv' },
  ...{ invitations: 'inv', 'admin-tokens': 'adm', 'alert-rules': 'rule', 'scheduled-mails': 'mail', 'saved-views': 'view' },
  ...{ request_id: 'req', requests: 'req', saved_view_id: 'view' },
  ...{ idp_id: 'idp', mapping_id: 'map', issuer_id: 'iss', rule_id: 'trust' },
};

const FIXED: Readonly<Record<string, readonly string[]>> = {
  ...{ model: [MODEL, 'ground-model'], target: [MODEL, 'ground-route', 'gpt-*'], fallback: [MODEL, 'ground-model'] },
  ...{ 'models/name': [MODEL, 'ground-model'], 'callable-targets/name': [MODEL, 'ground-route'] },
  ...{ 'access-groups/key': ['ground-group'], access_group: ['ground-group'], month: ['2026-10', '2026-11'] },
  ...{ 'organizations/month': ['2026-10', '2026-11'], base_url: ADDRESSES, url: ADDRESSES },
  ...{
    time_zone: ['Europe/Paris', 'UTC', 'Pacific/Apia', 'America/New_York', 'Asia/Kolkata'],
    network: ['10.0.0.0/8', '127.0.0.1', '::1/128'],
  },
};
