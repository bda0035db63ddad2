/** Headgate under test: its process, a tenant with limits and one without, and queries that show that nothing was lost. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Gateway, repository, startGateway } from '../../server/test/prove/gateway.ts';
import { type Key, makeCredential, makeKey, makeModel, makeTenant, type Tenant } from '../../server/test/prove/tenant.ts';
import { models } from './exchange.ts';
import { onGatewayCore } from './machine.ts';
import type { Destination } from './wire.ts';

export const LIMITS_PER_SCOPE = 5;

/** Limits that are never reached but always counted. */
export const limits = {
  rate_limits: { rpm: 10_000_000, tpm: 10_000_000_000, rpd: 1_000_000_000, tpd: 1_000_000_000_000 },
  budgets: [{ amount: '5000000.00', period: 'month', action: 'block' }],
};

const SETTLED_MS_MAX = 180_000;

export interface Totals {
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface Headgate {
  readonly gateway: Gateway;
  /** A key with four rate limits and a budget in each of four scopes. */
  readonly governed: Subject;
  /** A key without any limit. */
  readonly free: Subject;
}

/** One tenant's key, and the usage that the gateway has stored for it. */
export interface Subject {
  readonly tenant: Tenant;
  readonly key: Key;
  readonly to: Destination;
  /** Returns the settled requests and their tokens, from the usage report. */
  totals(): Promise<Totals>;
  /** Waits until this many requests are settled, at most three minutes. Returns the totals of that time. */
  settled(requests: number): Promise<Totals>;
}

export interface HeadgateOptions {
  readonly nodeFlags?: readonly string[];
  /** Settings in addition to the database. */
  readonly env?: Readonly<Record<string, string>>;
  /** The folder of another tree. */
  readonly cwd?: string;
  /** A data directory with the master key of a database that is not empty. */
  readonly dataDir?: string;
}

/** The flags that `npm start` uses. */
const START_FLAGS = ['--max-semi-space-size=16', '--use-largepages=silent'];

/** Starts Headgate on the gateways' core: on PostgreSQL if a URL is given, otherwise embedded. */
export async function startHeadgate(
  upstreams: { json: number; stream: number },
  databaseUrl: string | null,
  { nodeFlags = [], env = {}, cwd = repository, dataDir }: HeadgateOptions = {},
): Promise<Headgate> {
  const command = onGatewayCore([process.execPath, ...START_FLAGS, ...nodeFlags, 'server/src/main.ts', 'serve']);
  const database = databaseUrl === null ? {} : { DATABASE_URL: databaseUrl };
  const gateway = await startGateway({
    command,
    cwd,
    env: { ...database, ...env },
    ...(dataDir === undefined ? {} : { dataDir }),
  });
  for (const name of ['json', 'stream'] as const) {
    const credentialId = await makeCredential(gateway, 'openai', `http://127.0.0.1:${upstreams[name]}/v1`);
    await makeModel(gateway, { model: models[name], provider: 'openai', upstreamModel: models[name], credentialId });
  }
  const governedTenant = await makeTenant(gateway, limits, limits);
  const owner = await limitedMember(gateway, governedTenant);
  const governed = await makeKey(gateway, governedTenant, { ...limits, owner: { account_id: owner } });
  const freeTenant = await makeTenant(gateway);
  const free = await makeKey(gateway, freeTenant);
  return { gateway, governed: subject(gateway, governedTenant, governed), free: subject(gateway, freeTenant, free) };
}

/** Adds a person with limits to the team, for the user scope. Returns the account's id. */
async function limitedMember(gateway: Gateway, tenant: Tenant): Promise<string> {
  const account = await gateway.admin<{ id: string }>('POST', '/accounts', { email: 'bench@headgate.test', name: 'Bench' });
  const members = `/organizations/${tenant.organizationId}/members`;
  const member = await gateway.admin<{ id: string }>('POST', members, { account_id: account.id, role: 'org_member' });
  await gateway.admin('POST', `/teams/${tenant.teamId}/members`, { account_id: account.id, role: 'team_developer' });
  await gateway.admin('PATCH', `${members}/${member.id}`, limits);
  return account.id;
}

function subject(gateway: Gateway, tenant: Tenant, key: Key): Subject {
  const totals = () => totalsOf(gateway, tenant);
  const to = { port: gateway.port, path: '/v1/chat/completions', headers: { authorization: `Bearer ${key.secret}` } };
  return { tenant, key, to, totals, settled: (requests) => settled(totals, requests) };
}

async function totalsOf(gateway: Gateway, tenant: Tenant): Promise<Totals> {
  interface Usage {
    readonly total: { readonly requests: number; readonly input_tokens: number; readonly output_tokens: number };
  }
  const { total } = await gateway.admin<Usage>('GET', `/usage?organization_id=${tenant.organizationId}`);
  return { requests: total.requests, inputTokens: total.input_tokens, outputTokens: total.output_tokens };
}

async function settled(totals: () => Promise<Totals>, requests: number): Promise<Totals> {
  const deadlineMs = performance.now() + SETTLED_MS_MAX;
  for (;;) {
    const now = await totals();
    if (now.requests >= requests || performance.now() > deadlineMs) return now;
    await sleep(500);
  }
}
