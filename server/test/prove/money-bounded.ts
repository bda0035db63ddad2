// A budget that blocks against a provider that uses all it may and bills more than tokens: what is billed ÷ the amount, or the words of the refusal.
import { inParallel } from './data-plane.ts';
import { type Gateway, startGateway } from './gateway.ts';
import {
  AUDIO_PRICES,
  CACHE_PRICES,
  type GreedyProvider,
  LARGEST_PART_TOKENS,
  LONG_PRICES,
  MOST_SEARCHES,
  PRICES,
  startGreedyProvider,
  TIER_PRICES,
} from './greedy-provider.ts';
import { heldFor, spentBy, usd } from './key-money.ts';
import { allOf, type ProveOptions, type ProveResult, unmet } from './prove.ts';
import { run as runRecordedCosts } from './recorded-costs.ts';
import { type Key, makeCredential, makeKey, makeModel, makeTenant, type Tenant } from './tenant.ts';

/** A budget pays for so many holds. */
const HOLDS = 4;
const AT_ONCE = 200;

const PROMPT = [{ role: 'user', content: 'Find out what it costs, all of it. '.repeat(8) }];
const MEDIA = 'A'.repeat(2_000);
const part = (type: string, more: object) => [
  {
    role: 'user',
    content: [
      { type: 'text', text: 'See.' },
      { type, ...more },
      { type, ...more },
    ],
  },
];
const base64 = (media_type: string) => ({ source: { type: 'base64', media_type, data: MEDIA } });
const SEARCH = { type: 'web_search_20250305', name: 'web_search' };

interface Case {
  readonly what: string;
  readonly model: string;
  readonly body: object;
  /** Absent: that of chats or messages. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Clients that hang up when the first words are there. */
  readonly hangsUp?: true;
  /** The budget lowers the output to what is affordable. */
  readonly clamps?: true;
}

const messages = (model: string, body: object = {}) => ({
  model: `m-${model}`,
  body: { max_tokens: 400, messages: PROMPT, ...body },
});
const chat = (model: string, body: object = {}) => ({
  model: `c-${model}`,
  body: { max_tokens: 400, messages: PROMPT, ...body },
});

const texts = (body: object, model = 't-plain') => ({
  ...{ model, path: '/v1/completions' },
  body: { max_tokens: 400, prompt: 'Find out what it costs, all of it. '.repeat(8), ...body },
});
const cursor = (model: string, body: object = {}) => ({
  ...{ model, path: '/cursor/v1/chat/completions' },
  body: { max_output_tokens: 400, input: PROMPT, ...body },
});

const BOUNDED: readonly Case[] = [
  { what: 'web search', ...messages('search', { tools: [{ ...SEARCH, max_uses: 2 }] }) },
  { what: 'web search that only the deployment bounds', ...messages('search', { tools: [SEARCH] }) },
  { what: 'priority tier', ...chat('tier', { service_tier: 'priority' }) },
  { what: 'priority tier that nobody asked for', ...chat('auto') },
  {
    what: 'fast mode, and betas of agents',
    ...messages('tier', { speed: 'fast' }),
    headers: { 'anthropic-beta': 'claude-code-20250219,interleaved-thinking-2025-05-14,fast-mode-2026-02-01' },
  },
  { what: 'prompts above 200,000 tokens', ...messages('long', { system: 'x'.repeat(201_000) }) },
  {
    what: 'cache writes for an hour',
    ...messages('cache', { system: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral', ttl: '1h' } }] }),
  },
  { what: 'images', ...messages('plain', { messages: part('image', base64('image/png')) }) },
  { what: 'documents', ...messages('plain', { messages: part('document', base64('application/pdf')) }) },
  {
    what: 'audio in and out',
    ...chat('audio', {
      messages: part('input_audio', { input_audio: { data: MEDIA, format: 'wav' } }),
      ...{ modalities: ['text', 'audio'], audio: { voice: 'a', format: 'wav' } },
    }),
  },
  { what: '`n: 8`', ...chat('plain', { n: 8 }) },
  { what: 'a text', ...texts({}) },
  { what: 'texts of three prompts, `n: 2`', ...texts({ prompt: ['Find.', 'out', 'what'], n: 2 }) },
  { what: 'texts of tokens, `best_of: 5`', ...texts({ prompt: [[1, 2, 3], [4]], n: 2, best_of: 5 }) },
  { what: 'a text of a chat model', ...texts({}, 'c-plain') },
  { what: 'a text of Claude', ...texts({}, 'm-plain') },
  {
    what: 'texts without a cap, clamped',
    model: 't-plain',
    path: '/v1/completions',
    body: { prompt: 'Go.', n: 2 },
    clamps: true,
  },
  { what: 'a request of Cursor', ...cursor('c-plain') },
  { what: 'a request of Cursor to Claude', ...cursor('m-plain') },
  { what: 'a fee for each request', ...chat('fee') },
  { what: 'fallbacks', ...chat('fallback') },
  { what: 'no `max_tokens` under `clamp_output`', model: 'c-plain', body: { messages: PROMPT, n: 2 }, clamps: true },
  {
    what: 'hang-ups in the middle of a search',
    ...messages('search', { stream: true, tools: [{ ...SEARCH, max_uses: 2 }] }),
    hangsUp: true,
  },
];

const REFUSED: readonly Case[] = [
  { what: 'web search without a price', ...messages('plain', { tools: [{ ...SEARCH, max_uses: 1 }] }) },
  { what: 'web search without a bound', ...messages('unbounded', { tools: [SEARCH] }) },
  { what: 'code execution', ...messages('search', { tools: [{ type: 'code_execution_20250825', name: 'code_execution' }] }) },
  { what: 'priority tier without rates', ...chat('plain', { service_tier: 'priority' }) },
  { what: 'fast mode without rates', ...messages('plain', { speed: 'fast' }) },
  { what: 'a region without rates', ...messages('plain', { inference_geo: 'us' }) },
  { what: 'MCP servers', ...messages('search', { mcp_servers: [{ type: 'url', url: 'https://x.example', name: 'x' }] }) },
  { what: 'a beta that nobody knows', ...messages('search'), headers: { 'anthropic-beta': 'made-up-2026-11-11' } },
  {
    what: 'a cache lifetime without a price',
    ...messages('plain', { system: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral' } }] }),
  },
  { what: 'audio without a price', ...chat('plain', { modalities: ['audio'], audio: { voice: 'a', format: 'wav' } }) },
  { what: 'plugins', ...chat('plain', { plugins: [{ id: 'web' }] }) },
];

const UNBOUNDED: readonly Case[] = [
  { what: 'no `max_tokens` and no `clamp_output`', model: 'c-plain', body: { messages: PROMPT } },
  {
    what: 'images of a deployment that declares no maximum',
    ...messages('huge', { messages: part('image', base64('image/png')) }),
  },
];

interface Site {
  readonly gateway: Gateway;
  readonly provider: GreedyProvider;
  readonly tenant: Tenant;
}

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const provider = await startGreedyProvider();
  const gateway = await startGateway();
  try {
    const site = await openSite(gateway, provider);
    const atOnce = quick ? AT_ONCE / 4 : AT_ONCE;
    const results: ProveResult[] = [];
    for (const one of BOUNDED) results.push(await bounded(site, one, atOnce));
    const refused = await Promise.all(REFUSED.map((one) => refusedBefore(site, one)));
    const unbounded: ProveResult[] = [];
    for (const one of UNBOUNDED) unbounded.push(await overshoot(site, one, atOnce));
    return allOf([
      shared('spent ÷ amount', results),
      shared('refused before sending', refused),
      ...unbounded,
      await runRecordedCosts(),
    ]);
  } finally {
    await gateway.stop();
    await provider.stop();
  }
}

/** One figure for many cases: how many hold, and each below. */
function shared(name: string, results: readonly ProveResult[]): ProveResult {
  const good = results.filter(({ holds }) => holds).length;
  return {
    holds: good === results.length,
    figure: `${name}: ${good} of ${results.length} kinds`,
    log: results.map(({ holds, figure }) => `${holds ? '' : 'MISSED '}${figure}`),
    details: results.filter(({ holds }) => !holds).map(({ figure }) => figure),
  };
}

async function openSite(gateway: Gateway, provider: GreedyProvider): Promise<Site> {
  const openai = await makeCredential(gateway, 'openai', `${provider.base}/v1`);
  const anthropic = await makeCredential(gateway, 'anthropic', provider.base);
  const isOpenAis = (model: string) => !model.startsWith('m-');
  const declared = { max_part_tokens: LARGEST_PART_TOKENS, max_searches: MOST_SEARCHES, max_output_tokens: null };
  const add = (model: string, upstreamModel: string, prices: object, settings: object = declared) => {
    const at = {
      model,
      upstreamModel,
      provider: isOpenAis(model) ? 'openai' : 'anthropic',
      credentialId: isOpenAis(model) ? openai : anthropic,
      mode: model.startsWith('t-') ? 'completion' : 'chat',
    } as const;
    return makeModel(gateway, at, { prices, ...settings });
  };
  for (const kind of ['m', 'c']) {
    await add(`${kind}-plain`, 'plain', PRICES);
    await add(`${kind}-tier`, 'plain', { ...PRICES, service_tiers: TIER_PRICES });
  }
  await add('t-plain', 'plain', PRICES);
  await add('m-search', 'search', { ...PRICES, per_unit: { search: '0.01' } });
  await add('m-unbounded', 'search', { ...PRICES, per_unit: { search: '0.01' } }, { max_output_tokens: null });
  await add('m-cache', 'plain', { ...PRICES, ...CACHE_PRICES });
  await add('c-audio', 'plain', { ...PRICES, ...AUDIO_PRICES });
  await add('m-long', 'long', { ...PRICES, context_tiers: LONG_PRICES });
  await add('m-huge', 'huge', PRICES, { max_output_tokens: null });
  await add('c-auto', 'auto', { ...PRICES, service_tiers: TIER_PRICES });
  await add('c-fee', 'fee', { ...PRICES, per_unit: { request: '0.002' } });
  await add('c-fallback', 'broken', { input_per_million: '1.00', output_per_million: '1.00' }, { ...declared, priority: 0 });
  await add('c-fallback', 'plain', PRICES, { ...declared, priority: 1 });
  return { gateway, provider, tenant: await makeTenant(gateway) };
}

/** What a burst came to. Nano-dollars. */
interface Burst {
  readonly amount: number;
  readonly admitted: number;
  readonly spent: number;
  readonly billed: number;
  /** Of each admitted call: what was held for it, and what it was billed. */
  readonly calls: readonly { readonly held: number; readonly billed: number }[];
}

async function bounded(site: Site, one: Case, atOnce: number): Promise<ProveResult> {
  const { amount, admitted, spent, billed } = await burstOf(site, one, atOnce);
  const isCovered = one.hangsUp === true ? spent >= billed : spent === billed;
  const details = unmet({
    'billed within the budget': billed <= amount,
    'charged within the budget': spent <= amount,
    [`at least ${HOLDS} admitted`]: admitted >= HOLDS,
    [one.hangsUp === true ? 'charged at least what was billed' : 'charged what was billed']: isCovered,
  }).map((line) => `${one.what}: ${line}`);
  return {
    holds: details.length === 0,
    details,
    figure: `${one.what}: billed ÷ amount ${(billed / amount).toFixed(3)}, charged ÷ billed ${(spent / billed).toFixed(3)}, ${admitted} of ${atOnce} at once`,
  };
}

async function overshoot(site: Site, one: Case, atOnce: number): Promise<ProveResult> {
  const { amount, admitted, spent, billed, calls } = await burstOf(site, one, atOnce);
  const over = Math.max(0, billed - amount);
  const allowed = calls.reduce((sum, call) => sum + Math.max(0, call.billed - call.held), 0);
  return {
    holds: over <= allowed && spent === billed && admitted >= 1,
    figure: `${one.what}: overshoot ${usd(over)} USD ≤ Σ(actual − held) ${usd(allowed)} USD`,
    details: [`amount ${usd(amount)}, billed ${usd(billed)}, charged ${usd(spent)}, ${admitted} admitted`],
  };
}

async function refusedBefore({ gateway, provider, tenant }: Site, one: Case): Promise<ProveResult> {
  const key = await keyWith(gateway, tenant, '100');
  const before = provider.calls();
  const { response, text } = await call(gateway, key, one, 'refused');
  const error = (JSON.parse(text) as { error: { message: string } }).error;
  const isSent = provider.calls() > before && provider.billed('refused') > 0;
  return { holds: response.status === 403 && !isSent, figure: `${one.what}: ${response.status} ${error.message}` };
}

/** A budget of some holds, and many calls at once. */
async function burstOf(site: Site, one: Case, atOnce: number): Promise<Burst> {
  const { gateway, provider, tenant } = site;
  const name = `${one.model}-${one.what}`;
  const probe = await keyWith(gateway, tenant, '1000');
  const { response } = await call(gateway, probe, one, `${name}-probe`);
  if (!response.ok) throw new Error(`${one.what}: the first call was answered ${response.status}`);
  const amount = HOLDS * (await heldFor(gateway, probe, idOf(response)));
  const key = await keyWith(gateway, tenant, usd(amount), one.clamps);
  const ids = Array.from({ length: atOnce }, (_, at) => `${name}-${at}`);
  const answers = await inParallel(ids, atOnce, async (id) => ({ id, ...(await call(gateway, key, one, id)) }));
  const admitted = answers.filter((answer) => answer.response.ok);
  const others = answers.filter(({ response: { status } }) => status !== 200 && status !== 429);
  if (others.length > 0) throw new Error(`${one.what}: ${others[0]?.response.status} ${others[0]?.text}`);
  const spent = await spentBy(gateway, key);
  const calls = await inParallel(admitted, 8, async (answer) => ({
    held: await heldFor(gateway, key, idOf(answer.response)),
    billed: provider.billed(answer.id),
  }));
  return { amount, admitted: admitted.length, spent, billed: calls.reduce((sum, { billed }) => sum + billed, 0), calls };
}

function keyWith(gateway: Gateway, tenant: Tenant, amount: string, clamp_output = false): Promise<Key> {
  return makeKey(gateway, tenant, { budgets: [{ amount, period: 'month', action: 'block', clamp_output }] });
}

async function call({ base }: Gateway, { secret }: Key, { model, body, path, headers, hangsUp }: Case, id: string) {
  const isMessages = path === undefined && model.startsWith('m-');
  const gone = new AbortController();
  const response = await fetch(`${base}${path ?? (isMessages ? '/v1/messages' : '/v1/chat/completions')}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model, ...body, ...(isMessages ? { metadata: { user_id: id } } : { user: id }) }),
    signal: gone.signal,
  });
  if (hangsUp === true && response.ok) {
    await response.body?.getReader().read();
    gone.abort();
    return { response, text: '' };
  }
  return { response, text: await response.text() };
}

function idOf({ headers }: Response): string {
  return headers.get('x-request-id') ?? '';
}
