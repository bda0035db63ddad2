// Every endpoint on every wire: 100 calls race for a budget that blocks, clients hang up in a stream; and what each recorded answer costs.
import { setTimeout as sleep } from 'node:timers/promises';
import { inParallel } from './data-plane.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { heldFor, spentBy, usd } from './key-money.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { run as runRecordedCosts } from './recorded-costs.ts';
import { type Key, makeCredential, makeKey, makeModel, makeTenant, type Tenant } from './tenant.ts';
import { startWireProvider, WIRE_PRICES, type WireProvider } from './wire-provider.ts';

const AT_ONCE = 100;
/** A budget pays for so many holds. */
const HOLDS = 4;
const OUTPUT_TOKENS = 400;
const HANG_UPS = 10;
const QUICK_HANG_UPS = 3;
const PROMPT = 'Find out what it costs, all of it. '.repeat(8);

const WIRES = ['chat', 'messages', 'responses', 'gemini'] as const;
type WireName = (typeof WIRES)[number];

/** An endpoint as a client calls it. */
interface Endpoint {
  readonly name: string;
  readonly wires: readonly (WireName | 'embeddings' | 'completions')[];
  readonly streams: boolean;
  path(model: string, isStream: boolean): string;
  body(model: string): object;
}

const responsesBody = (model: string) => ({ model, input: PROMPT, max_output_tokens: OUTPUT_TOKENS });

const ENDPOINTS: readonly Endpoint[] = [
  {
    name: 'chat',
    wires: WIRES,
    streams: true,
    path: () => '/v1/chat/completions',
    body: (model) => ({ model, max_tokens: OUTPUT_TOKENS, messages: [{ role: 'user', content: PROMPT }] }),
  },
  {
    name: 'messages',
    wires: WIRES,
    streams: true,
    path: () => '/v1/messages',
    body: (model) => ({ model, max_tokens: OUTPUT_TOKENS, messages: [{ role: 'user', content: PROMPT }] }),
  },
  { name: 'responses', wires: WIRES, streams: true, path: () => '/v1/responses', body: responsesBody },
  {
    name: 'generateContent',
    wires: WIRES,
    streams: true,
    path: (model, isStream) => `/v1beta/models/${model}:${isStream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    body: () => ({
      contents: [{ role: 'user', parts: [{ text: PROMPT }] }],
      generationConfig: { maxOutputTokens: OUTPUT_TOKENS },
    }),
  },
  { name: 'Cursor’s path', wires: WIRES, streams: true, path: () => '/cursor/v1/chat/completions', body: responsesBody },
  {
    name: 'completions',
    wires: ['completions', ...WIRES],
    streams: true,
    path: () => '/v1/completions',
    body: (model) => ({ model, max_tokens: OUTPUT_TOKENS, prompt: PROMPT }),
  },
  {
    name: 'embeddings',
    wires: ['embeddings'],
    streams: false,
    path: () => '/v1/embeddings',
    body: (model) => ({ model, input: [PROMPT, PROMPT] }),
  },
];

interface Case {
  readonly endpoint: Endpoint;
  readonly wire: string;
  readonly isStream: boolean;
}

interface Site {
  readonly gateway: Gateway;
  readonly provider: WireProvider;
  readonly tenant: Tenant;
}

export async function run({ quick, doing }: ProveOptions): Promise<ProveResult> {
  const provider = await startWireProvider();
  const gateway = await startGateway({ env: { HEADGATE_RESPONSES_UPSTREAMS: provider.every } });
  try {
    const site = { gateway, provider, tenant: await openSite(gateway, provider) };
    const cases = casesOf(quick);
    const raced: Raced[] = [];
    const hungUp: HungUp[] = [];
    for (const one of cases) {
      doing?.(nameOf(one));
      raced.push(await race(site, one));
      if (one.isStream) hungUp.push(await hangUps(site, one, quick ? QUICK_HANG_UPS : HANG_UPS));
    }
    return allOf([resultOfRaces(raced), resultOfHangUps(hungUp), await runRecordedCosts()]);
  } finally {
    await gateway.stop();
    await provider.stop();
  }
}

async function openSite(gateway: Gateway, provider: WireProvider): Promise<Tenant> {
  const credentials = {
    chat: await makeCredential(gateway, 'openai', `http://${provider.chatOnly}/v1`),
    responses: await makeCredential(gateway, 'openai', `http://${provider.every}/v1`),
    messages: await makeCredential(gateway, 'anthropic', `http://${provider.every}`),
    gemini: await makeCredential(gateway, 'gemini', `http://${provider.every}/v1beta`),
  };
  const kinds = { chat: 'openai', responses: 'openai', messages: 'anthropic', gemini: 'gemini' } as const;
  const settings = { prices: WIRE_PRICES, max_output_tokens: null };
  for (const wire of WIRES) {
    const at = { model: `on-${wire}`, provider: kinds[wire], upstreamModel: 'up', credentialId: credentials[wire] };
    await makeModel(gateway, at, settings);
  }
  const at = { provider: 'openai', upstreamModel: 'up', credentialId: credentials.chat } as const;
  await makeModel(gateway, { ...at, model: 'on-embeddings', mode: 'embedding' }, settings);
  await makeModel(gateway, { ...at, model: 'on-completions', mode: 'completion' }, settings);
  return makeTenant(gateway);
}

/** Quick: each endpoint on one wire, another for each. */
function casesOf(quick: boolean): Case[] {
  return ENDPOINTS.flatMap((endpoint, index) => {
    const wires = quick ? [endpoint.wires[index % endpoint.wires.length] as string] : endpoint.wires;
    return wires.flatMap((wire) =>
      (endpoint.streams ? [false, true] : [false]).map((isStream) => ({ endpoint, wire, isStream })),
    );
  });
}

function nameOf({ endpoint, wire, isStream }: Case): string {
  return `${endpoint.name} on ${wire}${isStream ? ', streamed' : ''}`;
}

interface Raced {
  readonly what: string;
  readonly amount: number;
  readonly admitted: number;
  readonly spent: number;
  readonly billed: number;
  readonly calls: number;
  readonly others: readonly string[];
}

/** A budget of some holds, and 100 calls at once. */
async function race({ gateway, provider, tenant }: Site, one: Case): Promise<Raced> {
  const probe = await keyWith(gateway, tenant, '1000');
  const first = await call(gateway, probe, one);
  if (first.status !== 200) throw new Error(`${nameOf(one)}: the first call was answered ${first.status} ${first.text}`);
  const amount = HOLDS * (await heldFor(gateway, probe, first.requestId));
  await spentBy(gateway, probe);
  await provider.bill();
  const key = await keyWith(gateway, tenant, usd(amount));
  const answers = await inParallel(
    Array.from({ length: AT_ONCE }, (_, at) => at),
    AT_ONCE,
    () => call(gateway, key, one),
  );
  const spent = await spentBy(gateway, key);
  const { nanoUsd: billed, calls } = await provider.bill();
  const others = answers.filter(({ status }) => status !== 200 && status !== 429).map(({ status, text }) => `${status} ${text}`);
  return {
    what: nameOf(one),
    amount,
    admitted: answers.filter(({ status }) => status === 200).length,
    spent,
    billed,
    calls,
    others,
  };
}

function resultOfRaces(races: readonly Raced[]): ProveResult {
  const over = races.reduce((sum, { amount, billed }) => sum + Math.max(0, billed - amount), 0);
  const wrong = races.filter(
    ({ amount, admitted, spent, billed, calls, others }) =>
      billed > amount || spent !== billed || admitted !== calls || admitted < HOLDS || others.length > 0,
  );
  const admitted = races.reduce((sum, race) => sum + race.admitted, 0);
  return {
    holds: wrong.length === 0 && races.length > 0,
    figure: `${races.length} endpoints and wires raced by ${AT_ONCE} calls for a budget of ${HOLDS} holds: overspend ${usd(over)} USD, ${admitted} admitted and billed to the nano-dollar, the others refused`,
    details: wrong.map((race) => `${race.what}: ${JSON.stringify(race)}`),
  };
}

interface HungUp {
  readonly what: string;
  readonly ratios: readonly number[];
}

/** Clients that hang up at the first event of a stream under a budget that blocks. */
async function hangUps({ gateway, provider, tenant }: Site, one: Case, times: number): Promise<HungUp> {
  const ratios: number[] = [];
  for (let at = 0; at < times; at += 1) {
    const key = await keyWith(gateway, tenant, '1000');
    await call(gateway, key, one, at * 40);
    const spent = await spentBy(gateway, key, 0);
    const { nanoUsd: billed } = await provider.bill();
    ratios.push(spent / billed);
  }
  return { what: nameOf(one), ratios };
}

function resultOfHangUps(all: readonly HungUp[]): ProveResult {
  const ratios = all.flatMap((one) => one.ratios);
  const wrong = all.filter((one) => one.ratios.some((ratio) => !(ratio >= 1)));
  return {
    holds: wrong.length === 0 && ratios.length > 0,
    figure: `charged ÷ billed of ${ratios.length} streams whose client hung up: ${Math.min(...ratios).toFixed(3)} to ${Math.max(...ratios).toFixed(3)}`,
    details: wrong.map(({ what, ratios: of }) => `${what}: ${of.map((ratio) => ratio.toFixed(3)).join(', ')}`),
  };
}

function keyWith(gateway: Gateway, tenant: Tenant, amount: string): Promise<Key> {
  return makeKey(gateway, tenant, { budgets: [{ amount, period: 'month', action: 'block' }] });
}

/** Calls, and reads the whole answer; with a time, hangs up so many milliseconds after the first bytes. */
async function call({ base }: Gateway, { secret }: Key, { endpoint, wire, isStream }: Case, hangsUpAfterMs?: number) {
  const model = `on-${wire}`;
  const gone = new AbortController();
  const isGemini = endpoint.name === 'generateContent';
  const response = await fetch(base + endpoint.path(model, isStream), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(isGemini ? { 'x-goog-api-key': secret } : { authorization: `Bearer ${secret}` }),
    },
    body: JSON.stringify({ ...endpoint.body(model), ...(isStream && !isGemini ? { stream: true } : {}) }),
    signal: gone.signal,
  });
  const requestId = response.headers.get('x-request-id') ?? '';
  if (hangsUpAfterMs === undefined || !response.ok) return { status: response.status, requestId, text: await response.text() };
  const reader = response.body?.getReader();
  await reader?.read();
  await sleep(hangsUpAfterMs);
  gone.abort();
  return { status: response.status, requestId, text: '' };
}
