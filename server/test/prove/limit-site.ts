import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Scope } from '../../src/domain/tenancy/tenancy.ts';
import {
  bodyOf,
  keysOf,
  type LimitAnswer,
  type LimitBody,
  type LimitSite,
  type Readings,
  type Rule,
  WIDE_LIMITS,
  WIDE_USD,
} from '../limits/site.ts';
import type { VendorDouble } from '../support/vendor-double.ts';
import type { Gateway } from './gateway.ts';
import { type Key, type ModelAt, makeKey, makeModel } from './tenant.ts';

let made = 0;

/** A model whose answers do not come before they may. */
export interface HeldBack {
  readonly model: ModelAt;
  /** Calls that wait for their answer. */
  waiting(): number;
  letAnswer(): void;
}

/** A model of its own at the vendor's double, whose answers wait at a gate. */
export function behindGate(vendor: VendorDouble, credentialId: string): HeldBack {
  made += 1;
  const model = `gate-${made}`;
  return {
    model: { model, provider: 'openai', upstreamModel: model, credentialId },
    waiting: () => vendor.waiting(model),
    letAnswer: () => vendor.letAnswer(model),
  };
}

/** The tree of `LimitSite` at a gateway process: over HTTP and on its own clock. */
export async function openHttpSite(
  gateway: Gateway,
  rule: Rule,
  { model: at, waiting, letAnswer }: HeldBack,
): Promise<LimitSite> {
  made += 1;
  await makeModel(gateway, at, { max_output_tokens: 4_096 });
  const tree = await makeTree(gateway, (scope, isUnderTest) => ({
    rate_limits: {
      ...WIDE_LIMITS,
      ...(isUnderTest && scope === rule.scope && rule.limit !== 'budget' ? { [rule.limit]: rule.value } : {}),
    },
    budgets: [
      {
        amount: usd(isUnderTest && scope === rule.scope && rule.limit === 'budget' ? rule.value : WIDE_USD * 1e9),
        period: 'month',
      },
    ],
  }));
  let calls = 0;
  const read = () => readTree(gateway, tree);
  return {
    call: (key) => post(gateway, tree.keys[key] as Key, bodyOf(at.model, calls++)),
    waiting,
    letAnswer,
    read,
    settled: () => steady(read),
    scopeId: (scope, key) => scopeIdOf(tree, scope, key),
    nanoUsdOf: plainNanoUsdOf,
    ledgerNanoUsd: () => reportedNanoUsd(gateway, `?organization_id=${tree.organizationId}`),
    decidingRule: (url, key) => decidingRule(gateway, tree.keys[key] as Key, url),
    clock: null,
    until,
  };
}

/** The price of an answer at the prices of `makeModel`: 1 USD and 10 USD for a million tokens. */
export function plainNanoUsdOf(inputTokens: number, outputTokens: number): number {
  return inputTokens * 1_000 + outputTokens * 10_000;
}

interface Tree {
  readonly organizationId: string;
  readonly teamIds: readonly [string, string];
  readonly memberId: string;
  readonly keys: readonly Key[];
}

/** One organization, two teams, one member in both, four keys: 0 and 2 the member's, 0 and 1 in the first team. */
async function makeTree(gateway: Gateway, policyOf: (scope: Scope, isUnderTest: boolean) => object): Promise<Tree> {
  const organization = await gateway.admin<{ id: string }>('POST', '/organizations', {
    slug: `table-${made}`,
    name: `Table ${made}`,
    asset_access: { mode: 'all' },
    ...policyOf('organization', true),
  });
  const team = async (name: string, isUnderTest: boolean) => {
    const body = { name, asset_access: { mode: 'inherit' }, ...policyOf('team', isUnderTest) };
    return (await gateway.admin<{ id: string }>('POST', `/organizations/${organization.id}/teams`, body)).id;
  };
  const teamIds: readonly [string, string] = [await team('First', true), await team('Second', false)];
  const account = await gateway.admin<{ id: string }>('POST', '/accounts', { email: `member-${made}@table.test`, name: 'Ada' });
  const member = await gateway.admin<{ id: string }>('POST', `/organizations/${organization.id}/members`, {
    account_id: account.id,
    role: 'org_member',
    ...policyOf('user', true),
  });
  for (const teamId of teamIds) {
    await gateway.admin('POST', `/teams/${teamId}/members`, { account_id: account.id, role: 'team_developer' });
  }
  const keys: Key[] = [];
  for (let at = 0; at < 4; at += 1) {
    const teamId = teamIds[at < 2 ? 0 : 1];
    const owner = at % 2 === 0 ? { owner: { account_id: account.id } } : {};
    keys.push(
      await makeKey(
        gateway,
        { organizationId: organization.id, teamId },
        { ...owner, ...policyOf('key', keysOf('key').includes(at)) },
      ),
    );
  }
  return { organizationId: organization.id, teamIds, memberId: member.id, keys };
}

function scopeIdOf(tree: Tree, scope: Scope, key: number): string {
  const ids = {
    organization: tree.organizationId,
    team: tree.teamIds[key < 2 ? 0 : 1],
    user: tree.memberId,
    key: (tree.keys[key] as Key).id,
  };
  return ids[scope];
}

async function post(gateway: Gateway, key: Key, body: string): Promise<LimitAnswer> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key.secret}` };
  const response = await fetch(`${gateway.base}/v1/chat/completions`, {
    method: 'POST',
    headers,
    body,
    signal: AbortSignal.timeout(60_000),
  });
  return { status: response.status, headers: Object.fromEntries(response.headers), body: (await response.json()) as LimitBody };
}

async function decidingRule(gateway: Gateway, key: Key, url: string): Promise<string | null> {
  const response = await fetch(gateway.base + url, { headers: { authorization: `Bearer ${key.secret}` } });
  const { rules = [] } = (await response.json()) as { rules?: readonly { rule: string; deciding: boolean }[] };
  return rules.find(({ deciding }) => deciding)?.rule ?? null;
}

interface Status {
  readonly rate_limits: readonly { readonly limit: string; readonly used: number; readonly held: number }[];
  readonly budgets: readonly { readonly spent: string; readonly held: string }[];
}

async function readTree(gateway: Gateway, tree: Tree): Promise<Readings> {
  const { organizationId, teamIds, memberId, keys } = tree;
  const places = [
    ['organization', `/organizations/${organizationId}`],
    ...teamIds.map((id, at) => [`team ${at}`, `/teams/${id}`]),
    ['user', `/organizations/${organizationId}/members/${memberId}`],
    ...keys.map(({ id }, at) => [`key ${at}`, `/keys/${id}`]),
  ] as const;
  const readings = new Map<string, { used: number; held: number }>();
  for (const [name, place] of places) {
    const status = await gateway.admin<Status>('GET', `${place}/limits/status`);
    for (const { limit, used, held } of status.rate_limits) readings.set(`${name} ${limit}`, { used, held });
    for (const { spent, held } of status.budgets)
      readings.set(`${name} budget`, { used: nanoUsd(spent) + nanoUsd(held), held: nanoUsd(held) });
  }
  return readings;
}

/** What the report comes to once it stands still: a settled request appears within a second, on a machine that has one to spare. */
export async function reportedNanoUsd(gateway: Gateway, question = ''): Promise<number> {
  let before = -1;
  for (;;) {
    await sleep(1_000);
    const { total } = await gateway.admin<{ total: { spend: string } }>('GET', `/usage${question}`);
    const now = nanoUsd(total.spend);
    if (now === before) return now;
    before = now;
  }
}

function usd(nanoUsd: number): string {
  return `${Math.floor(nanoUsd / 1e9)}.${String(nanoUsd % 1e9).padStart(9, '0')}`;
}

/** An amount of dollars as the API writes it. */
export function nanoUsd(text: string): number {
  const [whole = '0', fraction = ''] = text.split('.');
  return Number(whole) * 1e9 + Number(fraction.padEnd(9, '0'));
}

/** Reads until nothing moves any more: an answer may be seen a turn before it is settled. */
async function steady(read: () => Promise<Readings>): Promise<Readings> {
  let before = await read();
  for (let tries = 0; tries < 50; tries += 1) {
    const now = await read();
    if (isDeepStrictEqual(now, before) && [...now.values()].every(({ held }) => held === 0)) return now;
    before = now;
    await sleep(20);
  }
  return before;
}

async function until(isTrue: () => boolean): Promise<void> {
  const giveUpMs = performance.now() + 30_000;
  while (!isTrue()) {
    if (performance.now() > giveUpMs) throw new Error('what was waited for did not happen within 30 s');
    await sleep(2);
  }
}
