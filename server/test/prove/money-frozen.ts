// What an admission decided is frozen with it: whatever is changed while a request is in flight, the ledger, the live counters and the counters
// after a restart say the same, at the scopes that admitted; a re-labelled model is counted at the groups it has now.
import { setTimeout as sleep } from 'node:timers/promises';
import { startPostgres } from '../support/postgres.ts';
import { hasRedis } from '../support/redis.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { type FrozenCase, makeCases } from './frozen-cases.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { HELD_USAGE, startHeldProvider } from './held-provider.ts';
import { nanoUsd } from './limit-site.ts';
import { allOf, type ProveResult } from './prove.ts';
import { inDatabase, type Where } from './stored-rows.ts';
import { makeCredential } from './tenant.ts';

/** `makeModel` prices, in nano-dollars: one dollar a million in, ten out. */
const HONEST_NANO_USD = HELD_USAGE.prompt_tokens * 1_000 + HELD_USAGE.completion_tokens * 10_000;
const AGREED_MS_MAX = 30_000;

export async function run(): Promise<ProveResult> {
  const memory = await proveInMemory();
  const shared = await proveWithRedis();
  if (shared === null) return { ...memory, skipped: 'PostgreSQL or Redis is not installed' };
  return allOf([memory, shared]);
}

async function proveInMemory(): Promise<ProveResult> {
  const gateway = await startGateway();
  const { dataDir, adminToken } = gateway;
  return proveAt({
    name: 'memory',
    gateway,
    where: { dataDir },
    restart: () => startGateway({ dataDir, adminToken }),
    empty: null,
  });
}

async function proveWithRedis(): Promise<ProveResult | null> {
  if (!hasRedis('Redis')) return null;
  const postgres = await startPostgres();
  if (postgres === null) return null;
  const fleet = (await startFleet({ size: 1, postgres })) as Fleet;
  try {
    return await proveAt({
      name: 'Redis',
      gateway: fleet.replicas[0] as Gateway,
      where: { databaseUrl: postgres.url },
      restart: () => fleet.restart(0),
      empty: async () => void (await fleet.redis.client.call('FLUSHALL')),
    });
  } finally {
    await fleet.stop();
    await postgres.stop();
  }
}

interface Place {
  readonly name: string;
  readonly gateway: Gateway;
  readonly where: Where;
  restart(): Promise<Gateway>;
  /** Loses what is counted outside the process; null where nothing is. */
  readonly empty: (() => Promise<void>) | null;
}

async function proveAt({ name, gateway, where, restart, empty }: Place): Promise<ProveResult> {
  const provider = await startHeldProvider();
  const problems: string[] = [];
  let running = gateway;
  try {
    const credentialId = await makeCredential(gateway, 'openai', provider.baseUrl);
    const cases = await makeCases(gateway, credentialId);
    await Promise.all(cases.map((one) => mustAnswer(gateway, one, 'before', problems)));
    const inFlight = cases.map((one) => mustAnswer(gateway, one, 'hold', problems));
    await provider.waiting(cases.length);
    for (const one of cases) await one.change.apply(gateway, one);
    // Somebody looks meanwhile, so that what was added has a past before the requests end.
    for (const one of cases) await usesOf(gateway, one);
    provider.letAllAnswer();
    await Promise.all(inFlight);
    const live = await settledUses(gateway, cases, problems);
    if ((await gateway.stop()) !== 0) problems.push('the gateway did not end by itself');
    const rows = await inDatabase(where, (query) => query(ROWS));
    running = await restart();
    const again = [await settledUses(running, cases, problems)];
    if (empty !== null) {
      await empty();
      await openedAnew(running);
      again.push(await settledUses(running, cases, problems));
    }
    problems.push(...cases.flatMap((one) => admittedProblems(one, rows)));
    const compared = [live, ...again].map((uses) => compare(cases, uses, rows, problems));
    const count = compared.reduce((sum, one) => sum + one, 0);
    return {
      holds: problems.length === 0 && count > 0,
      figure: `${name}: ${cases.length} changes in flight, ${count} readings of live counters and of counters after a restart${empty === null ? '' : ' and after Redis came back empty'}: ${problems.length} differ from the ledger or from what was admitted`,
      details: problems.slice(0, 40),
    };
  } finally {
    await running.stop().catch(() => running.kill());
    await provider.stop();
  }
}

/** What was counted is missed within half a second; then all of it is counted anew. */
async function openedAnew(gateway: Gateway): Promise<void> {
  const opened = () => gateway.output().split('counters: Redis is in use').length;
  const before = opened();
  for (const since = Date.now(); opened() === before; await sleep(50)) {
    if (Date.now() - since > AGREED_MS_MAX) throw new Error('the counters did not open again');
  }
}

async function mustAnswer(gateway: Gateway, one: FrozenCase, user: string, problems: string[]): Promise<void> {
  const body = { model: one.model, max_tokens: 50, stream: one.stream, user, messages: [{ role: 'user', content: 'hello' }] };
  const response = await fetch(`${gateway.base}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${one.key.secret}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (response.status !== 200 || !text.includes('to you.'))
    problems.push(`${one.name}: ${response.status} ${text.slice(0, 200)}`);
}

/** One counter as it is read: whose, of what called names, in which unit, and what it says. */
interface Use {
  readonly scope: 'organization' | 'team' | 'key';
  readonly scopeId: string;
  readonly rule: string;
  readonly target: string | null;
  readonly accessGroup: string | null;
  readonly unit: 'requests' | 'tokens' | 'nanoUsd';
  readonly used: number;
  readonly held: number;
}

interface Status {
  readonly rate_limits: readonly (Match & { readonly limit: string; readonly used: number; readonly held: number })[];
  readonly budgets: readonly (Match & { readonly id: string; readonly spent: string; readonly held: string })[];
}

interface Match {
  readonly target: string | null;
  readonly access_group: string | null;
}

async function usesOf(gateway: Gateway, { organizationId, teams, key }: FrozenCase): Promise<readonly Use[]> {
  const places = [
    ['organization', organizationId, `/organizations/${organizationId}`],
    ['team', teams[0], `/teams/${teams[0]}`],
    ['team', teams[1], `/teams/${teams[1]}`],
    ['key', key.id, `/keys/${key.id}`],
  ] as const;
  const uses: Use[] = [];
  for (const [scope, scopeId, at] of places) {
    const { rate_limits, budgets } = await statusAt(gateway, at);
    const of = ({ target, access_group: accessGroup }: Match) => ({ scope, scopeId, target, accessGroup });
    for (const one of rate_limits) {
      const unit = one.limit.startsWith('t') ? 'tokens' : 'requests';
      uses.push({ ...of(one), rule: one.limit, unit, used: one.used, held: one.held });
    }
    for (const one of budgets) {
      const held = nanoUsd(one.held);
      uses.push({ ...of(one), rule: one.id, unit: 'nanoUsd', used: nanoUsd(one.spent) + held, held });
    }
  }
  return uses;
}

/** Asked again while the counters are away: they open anew when Redis came back. */
async function statusAt(gateway: Gateway, place: string): Promise<Status> {
  for (const since = Date.now(); ; ) {
    const { status, body } = await gateway.ask<Status>('GET', `${place}/limits/status`);
    if (status === 200) return body;
    if (Date.now() - since > AGREED_MS_MAX) throw new Error(`${place}/limits/status answers ${status}`);
    await sleep(100);
  }
}

type Uses = ReadonlyMap<FrozenCase, readonly Use[]>;

/** Read once nothing is held any more. */
async function settledUses(gateway: Gateway, cases: readonly FrozenCase[], problems: string[]): Promise<Uses> {
  const uses = new Map<FrozenCase, readonly Use[]>();
  const since = Date.now();
  for (const one of cases) {
    let read = await usesOf(gateway, one);
    while (read.some(({ held }) => held > 0) && Date.now() - since < AGREED_MS_MAX) {
      await sleep(100);
      read = await usesOf(gateway, one);
    }
    if (read.some(({ held }) => held > 0)) problems.push(`${one.name}: something is held for ever`);
    uses.set(one, read);
  }
  return uses;
}

const ROWS = `select r.organization_id, r.team_id, r.key_id, r.called_name, r.status, l.total_tokens, l.nano_usd, l.price_id
  from requests r left join ledger_entries l using (organization_id, admitted_at, request_id) where r.status <> 'refused'
  order by r.admitted_at`;

type Row = Readonly<Record<string, unknown>>;

function rowsOf(one: FrozenCase, rows: readonly Row[]): readonly Row[] {
  return rows.filter((row) => row.organization_id === one.organizationId);
}

/** The request in flight was charged to the team that admitted it, at the price of then; nothing else happened. */
function admittedProblems(one: FrozenCase, all: readonly Row[]): readonly string[] {
  const rows = rowsOf(one, all);
  const problems: string[] = [];
  if (rows.length !== 2) problems.push(`${rows.length} rows`);
  if (rows.some((row) => row.team_id !== one.teams[0] || row.status !== 'succeeded')) problems.push('another team or status');
  if (rows.some((row) => Number(row.nano_usd) !== HONEST_NANO_USD)) problems.push(`charged ${rows.map((row) => row.nano_usd)}`);
  return problems.map((problem) => `${one.name}: ${problem}`);
}

/** Every counter against the ledger. Returns how many that were. */
function compare(cases: readonly FrozenCase[], uses: Uses, all: readonly Row[], problems: string[]): number {
  let count = 0;
  for (const one of cases) {
    const rows = rowsOf(one, all);
    for (const use of uses.get(one) ?? []) {
      count += 1;
      const owed = sumOf(
        use,
        rows.filter((row) => counts(one, use, row)),
      );
      if (use.used === owed) continue;
      const what = `${use.scope} ${use.rule} ${use.target ?? use.accessGroup ?? 'everything'} ${use.unit}`;
      problems.push(`${one.name}: ${what}: the counter says ${use.used}, the ledger ${owed}`);
    }
  }
  return count;
}

function counts(one: FrozenCase, { scope, scopeId, target, accessGroup }: Use, row: Row): boolean {
  if (row[`${scope}_id`] !== scopeId) return false;
  const name = String(row.called_name);
  if (accessGroup !== null) return accessGroup === (one.change.group === 'other' ? one.groups.after : one.groups.at);
  if (target === null) return true;
  return target.endsWith('*') ? name.startsWith(target.slice(0, -1)) : name === target;
}

function sumOf({ unit }: Use, rows: readonly Row[]): number {
  if (unit === 'requests') return rows.length;
  return rows.reduce((sum, row) => sum + Number(row[unit === 'tokens' ? 'total_tokens' : 'nano_usd'] ?? 0), 0);
}
