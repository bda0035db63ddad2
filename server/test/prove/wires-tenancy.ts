// Three tenants on one account of a provider: no id of a response or conversation leads from one to another, on any path and in any field.
import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '../../src/lib/id.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { allOf, type ProveResult } from './prove.ts';
import { makeCredential, makeKey, makeModel, makeTenant } from './tenant.ts';
import { endsOf } from './wires-tenancy-ends.ts';
import { type IdsOf, isAsWritten, ROWS, refusalOf } from './wires-tenancy-rows.ts';
import { startStateful } from './wires-tenancy-upstream.ts';

/** One key with what it made. Its texts contain its name, so that they are seen wherever they come out. */
export interface Holder {
  readonly name: string;
  readonly organizationId: string;
  readonly teamId: string;
  readonly keyId: string;
  readonly secret: string;
  readonly ids: IdsOf;
}

export interface TenancySite {
  readonly gateway: Gateway;
  readonly upstream: Awaited<ReturnType<typeof startStateful>>;
  readonly holders: readonly Holder[];
  call(secret: string, method: string, path: string, body?: unknown): Promise<{ readonly status: number; readonly text: string }>;
}

const AT_ONCE = 8;
const TRIES_MAX = 10;
const TENANTS = ['a', 'b', 'c'] as const;
/** The two teams of each tenant. */
const TEAMS = [1, 2] as const;

export async function run(): Promise<ProveResult> {
  const upstream = await startStateful();
  const env = { HEADGATE_RESPONSES_UPSTREAMS: `127.0.0.1:${upstream.port}`, HEADGATE_DRAIN_SECONDS: '2' };
  let gateway = await startGateway({ env });
  try {
    const site = await openSite(gateway, upstream);
    const walked = await walk(site);
    const ended = await endsOf(site, async (how) => {
      const { dataDir, adminToken } = gateway;
      await gateway[how]();
      gateway = await startGateway({ env, dataDir, adminToken });
      return gateway;
    });
    return allOf([walked, ended]);
  } finally {
    await gateway.stop();
    upstream.close();
  }
}

async function openSite(gateway: Gateway, upstream: TenancySite['upstream']): Promise<TenancySite> {
  const credentialId = await makeCredential(gateway, 'openai', `http://127.0.0.1:${upstream.port}/v1`);
  await makeModel(gateway, { model: 'native', provider: 'openai', upstreamModel: 'up', credentialId });
  await makeModel(gateway, { model: 'fake', provider: 'fake', upstreamModel: 'fake-small' });
  const callOnce: TenancySite['call'] = async (secret, method, path, body) => {
    const answer = await fetch(`${gateway.base}${path}`, {
      method,
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    return { status: answer.status, text: await answer.text() };
  };
  // A busy machine may not read within the second that a caller waits. That is no answer about an id.
  const call: TenancySite['call'] = async (...asked) => {
    for (let tries = 1; ; tries += 1) {
      const said = await callOnce(...asked);
      if (said.status !== 503 || tries === TRIES_MAX) return said;
      await sleep(200);
    }
  };
  const holders: Holder[] = [];
  for (const tenant of TENANTS) {
    const { organizationId, teamId } = await makeTenant(gateway, { responses_storage: 'keep' });
    for (const team of TEAMS) {
      const name = `holder-${tenant}${team}`;
      const own =
        team === 1
          ? teamId
          : (await gateway.admin<{ id: string }>('POST', `/organizations/${organizationId}/teams`, { name })).id;
      const { id: keyId, secret } = await makeKey(gateway, { organizationId, teamId: own });
      holders.push({ name, organizationId, teamId: own, keyId, secret, ids: await makeAll(call, secret, name) });
    }
  }
  return { gateway, upstream, holders, call };
}

/** Makes one of everything that has an id. */
async function makeAll(call: TenancySite['call'], secret: string, name: string): Promise<IdsOf> {
  const made = async (path: string, body: object) => {
    const { status, text } = await call(secret, 'POST', path, body);
    if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
    return JSON.parse(text) as { readonly id: string; readonly data?: readonly { readonly id: string }[] };
  };
  const asked = { model: 'native', input: `said by ${name}` };
  const { id: response } = await made('/v1/responses', asked);
  const { id: background } = await made('/v1/responses', { ...asked, background: true });
  const { id: conversation } = await made('/v1/conversations', { metadata: { name } });
  const items = await made(`/v1/conversations/${conversation}/items`, { items: [{ role: 'user', content: `item of ${name}` }] });
  return { response, background, conversation, item: items.data?.[0]?.id ?? '' };
}

interface Ask {
  readonly by: Holder;
  readonly row: (typeof ROWS)[number];
  readonly id: string;
  readonly kind: string;
}

async function walk(site: TenancySite): Promise<ProveResult> {
  await sleep(500);
  const asks = asksOf(site);
  const sentBefore = site.upstream.bodies.length;
  const leaks: string[] = [];
  const waiting = [...asks];
  const worker = async () => {
    for (let ask = waiting.pop(); ask !== undefined; ask = waiting.pop()) {
      const leak = await askOne(site, ask);
      if (leak !== null) leaks.push(`${ask.by.name} ${ask.row.name} ${ask.kind} ${ask.id.slice(0, 60)}: ${leak}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const sent = site.upstream.bodies.slice(sentBefore);
  if (sent.length > 0) leaks.push(`the provider was asked ${sent.length} times: ${sent[0]?.slice(0, 200)}`);
  const missing = await missingOf(site);
  const stored = site.upstream.bodies.filter((body) => !/"store":false/.test(body)).length;
  return {
    holds: leaks.length === 0 && missing.length === 0 && stored === 0,
    figure: `tenancy: ${TENANTS.length} tenants × ${ROWS.length} paths and fields × foreign, other team’s, unknown and raw ids: ${asks.length} requests, leaks ${leaks.length}; own objects not found ${missing.length}; requests to the provider without store:false ${stored}`,
    details: [...leaks.slice(0, 20), ...missing.slice(0, 10)],
  };
}

function asksOf({ holders, upstream }: TenancySite): readonly Ask[] {
  return holders.flatMap((by) =>
    ROWS.flatMap((row) => {
      const of = (other: Holder) => other.ids[row.of];
      const foreign = holders.filter((other) => other.organizationId !== by.organizationId).map(of);
      const teams = holders.filter((other) => other.organizationId === by.organizationId && other !== by).map(of);
      const kinds = { foreign, team: teams, unknown: [unknownOf(row.of)], raw: upstream.rawIds(), hostile: HOSTILE };
      return Object.entries(kinds).flatMap(([kind, ids]) => ids.map((id) => ({ by, row, id, kind })));
    }),
  );
}

function unknownOf(of: keyof IdsOf): string {
  return newId(of === 'conversation' ? 'conv' : of === 'item' ? 'msg' : 'resp');
}

const HOSTILE = [`resp_${'x'.repeat(10_000)}`, "conv_' or true", 'resp_0', 'msg_0'];

/** Returns what is wrong with the answer: null, if it says no more than that there is no such thing. */
async function askOne(site: TenancySite, { by, row, id, kind }: Ask): Promise<string | null> {
  const { method, path, body } = row.ask(kind === 'hostile' && row.is === 'path' ? encodeURIComponent(id) : id, by.ids);
  const { status, text } = await site.call(by.secret, method, path, body);
  const other = site.holders.find((holder) => holder !== by && text.includes(holder.name));
  if (other !== undefined) return `the text of ${other.name}: ${text.slice(0, 300)}`;
  // What is answered to an id of others is what is answered to one of nobody: the row's refusal.
  const isRefused = kind === 'hostile' ? status >= 400 && status < 500 : isAsWritten(row, refusalOf(status, text));
  return isRefused ? null : `${status} ${text.slice(0, 300)}`;
}

/** Returns the objects that their own holders do not find, after all that others tried. */
async function missingOf({ holders, call }: TenancySite): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const { name, secret, ids } of holders) {
    for (const path of [
      `/v1/responses/${ids.response}`,
      `/v1/responses/${ids.background}`,
      `/v1/conversations/${ids.conversation}/items/${ids.item}`,
    ]) {
      const { status, text } = await call(secret, 'GET', path);
      if (status !== 200 || text.includes('"cancelled"')) missing.push(`${name} ${path}: ${status} ${text.slice(0, 200)}`);
    }
    const items = await call(secret, 'GET', `/v1/conversations/${ids.conversation}/items`);
    if (JSON.parse(items.text).data?.length !== 1) missing.push(`${name}: ${items.text.slice(0, 200)}`);
  }
  return missing;
}
