/** The part of `routing.strategies` over a real gateway: a provider in this process that is fast, slow, ill or limited by its model's name. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { canaryDraw, isInCanary } from '../../src/domain/routing/canary.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { type Key, makeCredential, makeKey, makeModel, makeTenant, type Tenant } from './tenant.ts';

const CALLS = { full: 60, quick: 20 };
/** Of an answer, at 1 USD and 10 USD for a million tokens. */
const USAGE = { prompt_tokens: 9, completion_tokens: 6, total_tokens: 15 };
export const ANSWER_USD = (9 * 1 + 6 * 10) / 1e6;
const STALL_TIMEOUT_MS = 400;

export interface Site {
  readonly gateway: Gateway;
  readonly tenant: Tenant;
  readonly key: Key;
  readonly calls: string[];
  readonly ids: ReadonlyMap<string, string>;
}

/** Returns what the gateway served by each strategy, and what became of calls to a provider that is ill. */
export async function servedByGateway(
  { quick }: ProveOptions,
  more: (site: Site, count: number) => Promise<ProveResult>,
): Promise<ProveResult> {
  const calls: string[] = [];
  const limited = new Set<string>();
  const server = createServer(
    (request, response) => void answer(request, response, calls, limited).catch(() => response.destroy()),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const gateway = await startGateway();
  try {
    const site = await openSite(gateway, `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, calls);
    const count = quick ? CALLS.quick : CALLS.full;
    const shares = [
      await latency(site, count),
      await cheapest(site, count),
      await sticky(site, count),
      await tagged(site, count),
    ];
    const ill = [await failing(site, 'fails', 200, 2), await failing(site, 'stalls', 200, 2), await waiting(site)];
    return allOf([
      ...shares,
      ...ill,
      await longRequests(site),
      await refusedRequests(site),
      await canary(site, count),
      await more(site, count),
      await money(site),
    ]);
  } finally {
    await gateway.stop();
    server.closeAllConnections();
    server.close();
  }
}

const LATE_MS: Readonly<Record<string, number>> = { 'slow-150': 150, 'slow-20': 20 };

async function answer(request: IncomingMessage, response: ServerResponse, calls: string[], limited: Set<string>) {
  if (request.method !== 'POST') return void response.writeHead(404).end();
  const body = Buffer.concat(await request.toArray()).toString();
  const { model } = JSON.parse(body) as { model: string };
  calls.push(model);
  if (model === 'stalls') return;
  if (model === 'filters') return void sendChoice(response, model, { content: null }, 'content_filter');
  if (model === 'short' || model === 'eu-short') return void sendError(response, 400, {}, 'context_length_exceeded');
  if (model === 'fails') return void sendError(response, 500, {});
  if (model === 'limits' && !limited.has(body)) {
    limited.add(body);
    return void sendError(response, 429, { 'retry-after': '1' });
  }
  await sleep(LATE_MS[model] ?? 0);
  sendChoice(response, model, { content: 'Hello.' }, 'stop');
}

function sendChoice(response: ServerResponse, model: string, said: object, finish_reason: string): void {
  const choices = [{ index: 0, message: { role: 'assistant', ...said }, finish_reason }];
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model, choices, usage: USAGE }));
}

function sendError(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  code: string | null = null,
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify({ error: { message: 'told to', type: 'server_error', param: null, code } }));
}

async function openSite(gateway: Gateway, baseUrl: string, calls: string[]): Promise<Site> {
  const credentialId = await makeCredential(gateway, 'openai', baseUrl);
  const ids = new Map<string, string>();
  const settings: Readonly<Record<string, object>> = {
    dear: { prices: { input_per_million: '5.00', output_per_million: '50.00' } },
    eu: { tags: ['eu'] },
    stalls: { timeout_ms: STALL_TIMEOUT_MS },
    window: { context_window: 100 },
    'eu-short': { tags: ['eu'] },
  };
  const names = [
    'slow-150',
    'slow-20',
    'cheap',
    'dear',
    'one',
    'two',
    'three',
    'four',
    'five',
    'eu',
    'fails',
    'stalls',
    'limits',
    'short',
    'window',
    'long',
    'eu-short',
    'filters',
  ];
  for (const model of names)
    ids.set(model, await makeModel(gateway, { model, provider: 'openai', upstreamModel: model, credentialId }, settings[model]));
  const tenant = await makeTenant(gateway);
  return { gateway, tenant, key: await makeKey(gateway, tenant), calls, ids };
}

export async function makeGroup({ gateway, ids }: Site, key: string, of: readonly string[], more: object): Promise<void> {
  const members = of.map((name, priority) => ({ deployment_id: ids.get(name), weight: 1, priority }));
  await gateway.admin('POST', '/route-groups', { key, members, ...more });
}

export async function ask(
  { gateway, key }: Site,
  model: string,
  content: string,
  headers: Readonly<Record<string, string>> = {},
) {
  const response = await fetch(`${gateway.base}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model, max_tokens: 20, messages: [{ role: 'user', content }] }),
    signal: AbortSignal.timeout(60_000),
  });
  await response.text();
  return response.status;
}

/** Calls a group that many times, one after another, and returns the upstream models that were called. */
async function served(site: Site, group: string, count: number, headers: Readonly<Record<string, string>> = {}) {
  const before = site.calls.length;
  for (let call = 0; call < count; call += 1) await ask(site, group, `call ${call}`, headers);
  return site.calls.slice(before);
}

async function latency(site: Site, count: number): Promise<ProveResult> {
  await makeGroup(site, 'by-latency', ['slow-150', 'slow-20'], { strategy: 'latency' });
  // Both are unknown at first. Enough calls to try each of them.
  await served(site, 'by-latency', 8);
  const fast = (await served(site, 'by-latency', count)).filter((model) => model === 'slow-20').length;
  return { holds: fast === count, figure: `gateway: latency ${fast} of ${count} at the faster` };
}

async function cheapest(site: Site, count: number): Promise<ProveResult> {
  await makeGroup(site, 'by-cost', ['dear', 'cheap'], { strategy: 'cheapest' });
  const cheap = (await served(site, 'by-cost', count)).filter((model) => model === 'cheap').length;
  return { holds: cheap === count, figure: `cheapest ${cheap} of ${count} at the cheaper` };
}

const SESSIONS_MAX = 100;

async function sticky(site: Site, count: number): Promise<ProveResult> {
  await makeGroup(site, 'by-session', ['one', 'two', 'three', 'four', 'five'], { strategy: 'weighted', sticky: true });
  const places = new Set<string>();
  let [split, sessions] = [0, 0];
  // A few sessions may miss one of five deployments by chance; a hundred do not.
  for (; sessions < count / 2 || (places.size < 5 && sessions < SESSIONS_MAX); sessions += 1) {
    const own = new Set(await served(site, 'by-session', 3, { 'x-headgate-session': `session ${sessions}` }));
    if (own.size > 1) split += 1;
    for (const model of own) places.add(model);
  }
  return {
    holds: split === 0 && places.size === 5,
    figure: `${split} of ${sessions} sessions split, at ${places.size} of 5 deployments`,
  };
}

async function tagged(site: Site, count: number): Promise<ProveResult> {
  let outside = 0;
  for (const strategy of ['latency', 'cheapest', 'least_busy', 'usage', 'headroom']) {
    await makeGroup(site, `tagged-${strategy}`, ['eu', 'one', 'two'], { strategy });
    const key = await makeKey(site.gateway, site.tenant, { required_tags: ['eu'] });
    const models = await served({ ...site, key }, `tagged-${strategy}`, Math.ceil(count / 5));
    outside += models.filter((model) => model !== 'eu').length;
  }
  return { holds: outside === 0, figure: `${outside} calls served outside their required tags` };
}

/** A provider that fails or stalls: the first answer still comes, of the next deployment. */
async function failing(site: Site, model: string, status: number, attempts: number): Promise<ProveResult> {
  await makeGroup(site, `over-${model}`, [model, 'one'], { strategy: 'priority' });
  const before = site.calls.length;
  const startedMs = performance.now();
  const said = await ask(site, `over-${model}`, 'once');
  const made = site.calls.length - before;
  const ms = Math.round(performance.now() - startedMs);
  return {
    holds: said === status && made === attempts,
    figure: `a provider that ${model}: ${said} after ${made} attempts`,
    log: [`a provider that ${model}: ${ms} ms to the first answer`],
  };
}

/** A provider that limits: its wait is obeyed. */
async function waiting(site: Site): Promise<ProveResult> {
  const startedMs = performance.now();
  const before = site.calls.length;
  const status = await ask(site, 'limits', 'once');
  const ms = performance.now() - startedMs;
  const made = site.calls.length - before;
  return {
    holds: status === 200 && made === 2 && ms >= 1_000,
    figure: `a provider that limits: ${status} after ${made} attempts and its wait of 1 s`,
    log: [`a provider that limits: ${Math.round(ms)} ms to the first answer`],
  };
}

/** A request that is too long goes to the context fallback: by the declared window at once, else after the provider's word. */
async function longRequests(site: Site): Promise<ProveResult> {
  const { gateway, key, tenant } = site;
  await makeGroup(site, 'by-window', ['window'], { context_fallbacks: ['long'] });
  await makeGroup(site, 'by-word', ['short'], { context_fallbacks: ['long'] });
  await makeGroup(site, 'by-tag', ['eu-short'], { context_fallbacks: ['long'] });
  const text = 'x'.repeat(1_000);
  const callsOf = async (group: string, of: Key) => {
    const before = site.calls.length;
    const status = await ask({ ...site, key: of }, group, text);
    return `${status} ${site.calls.slice(before).join(' ')}`;
  };
  const bound = await makeKey(gateway, tenant, { required_tags: ['eu'] });
  const narrow = await makeKey(gateway, tenant, { asset_access: { mode: 'restrict', targets: ['by-word'], access_groups: [] } });
  const found = [
    await callsOf('by-window', key),
    await callsOf('by-word', key),
    await callsOf('by-tag', bound),
    await callsOf('by-word', narrow),
  ];
  const wanted = ['200 long', '200 short long', '400 eu-short', '400 short'];
  return {
    holds: found.every((one, at) => one === wanted[at]),
    figure: `too long: ${found.slice(0, 2).join(', ')}; outside a required tag or the access of the key: ${found.slice(2).join(', ')}`,
    details: [`wanted: ${wanted.join(', ')}`],
  };
}

/** A request that a content filter refused goes to the policy fallback, and both attempts are charged; without one, its client gets the refusal. */
async function refusedRequests(site: Site): Promise<ProveResult> {
  await makeGroup(site, 'filtered', ['filters'], { policy_fallbacks: ['long'] });
  await makeGroup(site, 'filtered-alone', ['filters'], {});
  const callsOf = async (group: string) => {
    const before = site.calls.length;
    const status = await ask(site, group, 'once');
    return `${status} ${site.calls.slice(before).join(' ')}`;
  };
  const found = [await callsOf('filtered'), await callsOf('filtered-alone')];
  const wanted = ['200 filters long', '200 filters'];
  return {
    holds: found.every((one, at) => one === wanted[at]),
    figure: `refused: ${found[0]}; without policy fallbacks ${found[1]}`,
    details: [`wanted: ${wanted.join(', ')}`],
  };
}

/** The sessions of a canary are those that its hash says, and the decision says so. */
async function canary(site: Site, count: number): Promise<ProveResult> {
  const place = { deployment_id: site.ids.get('two'), percent: 30 };
  await makeGroup(site, 'with-canary', ['one', 'two'], { canary: place });
  let [wrong, inside] = [0, 0];
  for (let at = 0; at < count; at += 1) {
    const session = `canary ${at}`;
    const isIn = isInCanary({ permille: 300 }, canaryDraw(site.tenant.organizationId, session, 'with-canary'));
    if (isIn) inside += 1;
    const models = await served(site, 'with-canary', 2, { 'x-headgate-session': session });
    wrong += models.filter((model) => model !== (isIn ? 'two' : 'one')).length;
  }
  return {
    holds: wrong === 0 && inside > 0 && inside < count,
    figure: `canary: ${inside} of ${count} sessions, ${wrong} calls on the wrong side`,
  };
}

/** What failed costs nothing, and what stalled its estimate: each group is charged its answers. */
async function money({ gateway, tenant }: Site): Promise<ProveResult> {
  const wanted: Readonly<Record<string, number>> = {
    'over-fails': ANSWER_USD,
    limits: ANSWER_USD,
    'by-word': ANSWER_USD,
    'by-window': ANSWER_USD,
    filtered: 2 * ANSWER_USD,
  };
  for (let tries = 0; ; tries += 1) {
    const path = `/usage?organization_id=${tenant.organizationId}&group_by=model`;
    const { data } = await gateway.admin<{ data: { model: string; spend: string }[] }>('GET', path);
    const spent = new Map(data.map(({ model, spend }) => [model, Number(spend)]));
    const wrong = Object.entries(wanted).filter(([model, usd]) => Math.abs((spent.get(model) ?? 0) - usd) > 1e-9);
    const stalled = spent.get('over-stalls') ?? 0;
    if ((wrong.length === 0 && stalled >= ANSWER_USD) || tries === 100) {
      return {
        holds: wrong.length === 0 && stalled >= ANSWER_USD,
        figure: `what failed or was limited cost ${wrong.length === 0 ? 'nothing' : 'something'} beside its answer, what stalled its estimate`,
        details: wrong.map(([model, usd]) => `${model}: ${spent.get(model)}, not ${usd}`),
      };
    }
    // On its way from memory to the store.
    await sleep(100);
  }
}
