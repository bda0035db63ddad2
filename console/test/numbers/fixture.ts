/**
 * Six tenants with three teams each, whose requests were stored in the past: around the days on which clocks change, and in the
 * last 30 days. Amounts from one nano-dollar to thousands of dollars; names in several scripts and of 200 characters.
 */
import path from 'node:path';
import type { EndRecord, LedgerEntry, RequestStatus } from '../../../server/src/ledger/records.ts';
import { storeRecords } from '../../../server/test/admin/usage-support.ts';
import { type Gateway, startGateway } from '../../../server/test/prove/gateway.ts';
import { withEmbedded } from '../../../server/test/support/in-process.ts';
import { givenEnd, givenEntry, givenRefusal } from '../../../server/test/support/records.ts';

export interface Fixture {
  readonly gateway: Gateway;
  readonly tenants: readonly Tenant[];
  readonly records: readonly EndRecord[];
  /** The names of ids, as they were given. */
  readonly names: ReadonlyMap<string, string>;
  readonly spans: readonly Span[];
  readonly people: readonly Person[];
}

export interface Tenant {
  readonly id: string;
  readonly name: string;
  readonly timeZone: string;
  readonly teams: readonly { readonly id: string; readonly name: string }[];
}

/** A span in which requests were stored. */
export interface Span {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Somebody who looks at the pages, and which requests they may see. */
export interface Person {
  readonly role: string;
  readonly cookie: string;
  readonly isOfPlatform: boolean;
  readonly sees: (record: EndRecord) => boolean;
}

export const ZONES = ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata'] as const;
const LONG = (word: string) => `${word} ${'of two hundred characters '.repeat(10)}`.slice(0, 199).trim().padEnd(200, '…');
const TENANTS = [
  'Acme Research',
  '云海科技有限公司',
  'شركة النور للتقنية',
  LONG('Organization'),
  'Beta “& Söhne” <b>',
  'Ωmega, Inc.',
];
const TEAMS = [
  ['Research', '研究部门', LONG('Team')],
  ['Research', 'فريق البحث', 'Ops & <Support>'],
];
const MODELS = ['fast', 'smart-large', '模型-一', 'نموذج', `long-${'m'.repeat(100)}`];
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let random = 1;
/** A number from 0 up to, not including, `below`; the same in every run. */
function upTo(below: number): number {
  random = (random * 48_271) % 2_147_483_647;
  return random % below;
}

/** Makes everything and starts the gateway on it. Nothing calls it afterwards, so that its numbers stand still. */
export async function openFixture(): Promise<Fixture> {
  const first = await startGateway();
  const names = new Map<string, string>([['', '']]);
  const made = await makeTenants(first, names);
  const deployments = await makeDeployments(first);
  const people = await makePeople(first, made[0] as MadeTenant);
  for (const { ids } of made) for (const [id, name] of ids) names.set(id, name);
  const spans = spansBefore(Date.now());
  const records = recordsOf(made, deployments, spans);
  await first.stop();
  await withEmbedded(path.join(first.dataDir, 'database'), async (database) => {
    await storeRecords(database, records);
  });
  const gateway = await startGateway({ dataDir: first.dataDir, adminToken: first.adminToken });
  return { gateway, tenants: made, records, names, spans, people };
}

interface MadeKey {
  readonly id: string;
  readonly teamId: string;
  readonly memberId: string | null;
  readonly serviceAccountId: string | null;
}

interface MadeTenant extends Tenant {
  readonly keys: readonly MadeKey[];
  readonly ids: readonly (readonly [string, string])[];
}

async function makeTenants({ admin }: Gateway, names: Map<string, string>): Promise<readonly MadeTenant[]> {
  const made: MadeTenant[] = [];
  for (const [at, name] of TENANTS.entries()) {
    const timeZone = ZONES[at % ZONES.length] as string;
    const { id } = await admin<{ id: string }>('POST', '/organizations', {
      ...{ name, slug: `numbers-${at}`, time_zone: timeZone },
      budgets: [{ amount: '250000.00', period: 'month' }],
      rate_limits: { rpd: 1_000_000 },
      asset_access: { mode: 'all', targets: [], access_groups: [] },
    });
    const { account_id, id: memberId } = await makeMember({ admin }, id, `owner-${at}@numbers.test`, `Member ${at} 成员`);
    names.set(memberId, `Member ${at} 成员`);
    const teams: { id: string; name: string }[] = [];
    const keys: MadeKey[] = [];
    for (const team of TEAMS[at % TEAMS.length] as string[]) {
      const { id: teamId } = await admin<{ id: string }>('POST', `/organizations/${id}/teams`, { name: team });
      teams.push({ id: teamId, name: team });
      await admin('POST', `/teams/${teamId}/members`, { account_id, role: 'team_admin' });
      for (const owner of [{}, { owner: { account_id } }]) keys.push(await makeKey({ admin }, teamId, owner, names));
    }
    const ids = [[id, name] as const, ...teams.map((team) => [team.id, team.name] as const)];
    made.push({ id, name, timeZone, teams, keys, ids });
  }
  return made;
}

async function makeKey(
  { admin }: Pick<Gateway, 'admin'>,
  teamId: string,
  owner: object,
  names: Map<string, string>,
): Promise<MadeKey> {
  const name = `Key ${names.size} مفتاح`;
  const key = await admin<{
    id: string;
    owner: { member_id: string | null; service_account_id: string | null; name: string };
  }>('POST', '/keys', { team_id: teamId, name, ...owner });
  names.set(key.id, name);
  const { member_id: memberId, service_account_id: serviceAccountId } = key.owner;
  if (serviceAccountId !== null) names.set(serviceAccountId, key.owner.name);
  return { id: key.id, teamId, memberId, serviceAccountId };
}

async function makeDeployments({ admin }: Gateway) {
  const made: { model: string; id: string; provider: string; upstream: string }[] = [];
  for (const [at, model] of MODELS.entries()) {
    const provider = (['fake', 'openai', 'anthropic'] as const)[at % 3] as string;
    const upstream = provider === 'fake' ? 'fake-500' : 'vendor-model';
    const credential = provider === 'fake' ? {} : { credential_id: await makeCredential({ admin }, provider) };
    const { id } = await admin<{ id: string }>('POST', '/deployments', {
      ...{ model, provider, upstream_model: upstream, mode: 'chat', ...credential },
      prices: { input_per_million: '1.00', output_per_million: '10.00' },
    });
    made.push({ model, id, provider, upstream });
  }
  return made;
}

async function makeCredential({ admin }: Pick<Gateway, 'admin'>, provider: string): Promise<string> {
  const body = { name: `${provider} ${upTo(1e6)}`, provider, api_key: 'sk-none', base_url: 'http://127.0.0.1:9' };
  return (await admin<{ id: string }>('POST', '/credentials', body)).id;
}

/** A person of the platform, the owner of one organization, its auditor of bills, and the admin of one of its teams. */
async function makePeople(gateway: Gateway, tenant: MadeTenant): Promise<readonly Person[]> {
  const { id: organization_id } = tenant;
  const teamId = tenant.teams[1]?.id as string;
  const all = () => true;
  const own = (record: EndRecord) => record.organizationId === organization_id;
  const ofTeam = (record: EndRecord) => record.teamId === teamId;
  const team = { organization_id, role: 'org_member', teams: [{ team_id: teamId, role: 'team_admin' }] };
  return [
    await personOf(gateway, 'platform_admin', { organization_id: null, role: 'platform_admin' }, all),
    await personOf(gateway, 'org_owner', { organization_id, role: 'org_owner' }, own),
    await personOf(gateway, 'org_billing', { organization_id, role: 'org_billing' }, own),
    await personOf(gateway, 'team_admin', team, ofTeam),
  ];
}

async function personOf(gateway: Gateway, role: string, place: object, sees: Person['sees']): Promise<Person> {
  const cookie = await accepted(gateway, `${role}@numbers.test`, role, place);
  return { role, cookie, isOfPlatform: role === 'platform_admin', sees };
}

async function makeMember({ admin }: Pick<Gateway, 'admin'>, organization_id: string, email: string, name: string) {
  const { id: account_id } = await admin<{ id: string }>('POST', '/accounts', { email, name });
  const body = { account_id, role: 'org_member' };
  return admin<{ id: string; account_id: string }>('POST', `/organizations/${organization_id}/members`, body);
}

/** An invitation, accepted. Returns the value of the session cookie. */
async function accepted({ admin, base }: Gateway, email: string, name: string, place: object): Promise<string> {
  const { link } = await admin<{ link: string }>('POST', '/invitations', { email, ...place });
  const response = await fetch(`${base}/api/v1/invitations/accept`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: base },
    body: JSON.stringify({ token: new URL(link).searchParams.get('token'), name, password: 'correct horse battery 7' }),
  });
  const cookie = response.headers.getSetCookie().find((one) => one.startsWith('headgate_session='));
  if (cookie === undefined) throw new Error(`${email} could not come in: ${response.status} ${await response.text()}`);
  return decodeURIComponent((cookie.split(';')[0] as string).slice('headgate_session='.length));
}

/** From before the first to after the last of the newest clock changes, in autumn and in spring, and the last 29 days. */
function spansBefore(nowMs: number): readonly Span[] {
  const changes = ['Europe/Berlin', 'America/New_York'].map((zone) => {
    const now = Temporal.Instant.fromEpochMilliseconds(nowMs - 2 * DAY_MS).toZonedDateTimeISO(zone);
    const last = now.getTimeZoneTransition('previous') as Temporal.ZonedDateTime;
    return [last.epochMilliseconds, last.subtract({ hours: 1 }).getTimeZoneTransition('previous')?.epochMilliseconds as number];
  });
  const around = (name: string, at: readonly number[]) => ({
    name,
    fromMs: dayBefore(Math.min(...at)),
    toMs: dayBefore(Math.max(...at)) + 3 * DAY_MS,
  });
  return [
    around(
      '25 hours',
      changes.map(([last]) => last as number),
    ),
    around(
      '23 hours',
      changes.map(([, before]) => before as number),
    ),
    { name: 'recent', fromMs: nowMs - 29 * DAY_MS, toMs: nowMs - HOUR_MS },
  ];
}

function dayBefore(atMs: number): number {
  return Math.floor((atMs - DAY_MS) / DAY_MS) * DAY_MS;
}

const AMOUNTS = [
  1, 7, 999, 12_345, 4_999_999, 5_000_000, 10_000_000, 125_000_000, 1_005_000_000, 999_999_999, 49_995_000_000, 1_234_567_890_123,
];
const STATUSES: readonly RequestStatus[] = ['succeeded', 'succeeded', 'failed', 'succeeded', 'estimated', 'cancelled', 'refused'];

type Deployments = Awaited<ReturnType<typeof makeDeployments>>;

function recordsOf(tenants: readonly MadeTenant[], deployments: Deployments, spans: readonly Span[]): readonly EndRecord[] {
  const records: EndRecord[] = [];
  const edgeMs = Date.now() - 30 * DAY_MS;
  for (const [at, tenant] of tenants.entries())
    for (const { name, fromMs, toMs } of spans) {
      const stepMs = name === '25 hours' ? 2 * HOUR_MS : 7 * HOUR_MS;
      for (let slotMs = fromMs + at * 60_000; slotMs < toMs - stepMs; slotMs += stepMs) {
        // Some exactly at the start of an hour, where a day may begin in one of the zones.
        const atMs = upTo(5) === 0 ? Math.ceil(slotMs / 1_800_000) * 1_800_000 : slotMs + upTo(stepMs);
        if (Math.abs(atMs - edgeMs) > 3 * HOUR_MS) records.push(recordOf(tenant, deployments, atMs));
      }
    }
  return records;
}

function recordOf(tenant: MadeTenant, deployments: Deployments, admittedAtMs: number): EndRecord {
  const { id: keyId, ...key } = tenant.keys[upTo(tenant.keys.length)] as MadeKey;
  const { model, id: deploymentId, provider, upstream } = deployments[upTo(deployments.length)] as Deployments[number];
  const of = { organizationId: tenant.id, keyId, ...key, calledName: model, admittedAtMs };
  const latency = { gatewayUs: 100 + upTo(900_000), providerMs: 1 + upTo(200_000) };
  const status = STATUSES[upTo(STATUSES.length)] as RequestStatus;
  if (status === 'refused') return givenRefusal({ ...of, count: 1 + upTo(12), gatewayUs: latency.gatewayUs, decision: '' });
  const isCharged = status !== 'failed';
  const entry = entryOf({ deploymentId, provider, upstreamModel: upstream });
  const entries = isCharged ? [entry] : [];
  const failure = status === 'failed' ? { httpStatus: 502, code: 'upstream_error' } : {};
  return givenEnd({ ...of, ...latency, ...failure, status, deploymentId, provider, entries, decision: '' });
}

function entryOf(at: Partial<LedgerEntry>): LedgerEntry {
  const usage = {
    input: upTo(40_000),
    cached_input: upTo(9_000),
    cache_write: upTo(50),
    output: upTo(2_000_000),
    reasoning: upTo(700),
  };
  const nanoUsd = (AMOUNTS[upTo(AMOUNTS.length)] as number) + upTo(3);
  return givenEntry({ ...at, usage, nanoUsd });
}
