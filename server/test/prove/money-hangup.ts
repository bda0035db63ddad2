// Clients that hang up at every point, at a provider that makes 200 tokens a second and bills what it made: what is charged ÷ what is billed.
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { NANO_USD_PER_TOKEN } from '../vendor/site.ts';
import { type BilledCall, type BillingProvider, startBillingProvider } from './billing-provider.ts';
import { inParallel } from './data-plane.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { spentBy } from './key-money.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { type Key, makeCredential, makeKey, makeModel, makeTenant, type Tenant } from './tenant.ts';

const KINDS = ['openai', 'anthropic'] as const;
type Kind = (typeof KINDS)[number];

/** When a client hangs up. */
const STREAM_POINTS = ['first byte', 'middle', 'finish reason', 'after usage'] as const;
const WHOLE_POINTS = ['sent', 'half received', 'after'] as const;
type Point = (typeof STREAM_POINTS)[number] | (typeof WHOLE_POINTS)[number];

const MIDDLE_MS = 1_000;
const SENT_MS = 200;
const AGENT_MS = 3_000;
/** So many answers make a deployment's pace known. */
const KNOWN_ANSWERS = 50;
/** A machine that is busy with others stretches the time of the agent; it is then asked again. */
const AGENT_TRIES_MAX = 3;

interface Case {
  readonly kind: Kind;
  readonly point: Point;
  readonly isBudgeted: boolean;
  readonly n: number;
}

interface Charge extends Case {
  readonly ratio: number;
}

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const provider = await startBillingProvider();
  const gateway = await startGateway();
  try {
    const site = await openSite(gateway, provider);
    const charges = await inParallel(casesOf(quick), quick ? 8 : 4, (one) => chargeOf(site, one));
    const agents: ProveResult[] = [];
    for (const kind of quick ? (['openai'] as const) : KINDS) agents.push(await agentOf(site, kind));
    return allOf([honest(charges), wholeUnderBudget(charges), neverBelow(charges), unbudgeted(charges), ...agents]);
  } finally {
    await gateway.stop();
    await provider.stop();
  }
}

/** Every point × dialect × with and without a budget that blocks, and eight choices where there are choices. */
function casesOf(quick: boolean): Case[] {
  const cases = KINDS.flatMap((kind) =>
    [true, false].flatMap((isBudgeted) =>
      [...STREAM_POINTS, ...WHOLE_POINTS].map((point): Case => ({ kind, point, isBudgeted, n: 1 })),
    ),
  );
  const eight = (['first byte', 'middle', 'finish reason', 'sent'] as const).map(
    (point): Case => ({ kind: 'openai', point, isBudgeted: true, n: 8 }),
  );
  const once = [...cases, ...eight];
  return quick ? once : [...once, ...once, ...once];
}

interface Site {
  readonly gateway: Gateway;
  readonly provider: BillingProvider;
  readonly tenant: Tenant;
  readonly credentials: Readonly<Record<Kind, string>>;
}

async function openSite(gateway: Gateway, provider: BillingProvider): Promise<Site> {
  const credentials = {
    openai: await makeCredential(gateway, 'openai', `${provider.base}/v1`),
    anthropic: await makeCredential(gateway, 'anthropic', provider.base),
  };
  const site = { gateway, provider, tenant: await makeTenant(gateway), credentials };
  for (const kind of KINDS) await makeSteady(site, kind, kind);
  return site;
}

/** A model of its own, and so a deployment whose pace nobody knows. */
async function makeSteady({ gateway, credentials }: Site, model: string, kind: Kind): Promise<void> {
  const at = { model, provider: kind, upstreamModel: 'steady', credentialId: credentials[kind] };
  await makeModel(gateway, at, { prices: PRICES, max_output_tokens: null });
}

const PRICES = { input_per_million: '1.00', output_per_million: '10.00' };

/** Of 400 tokens 390 are hidden; the usage of a stream comes 300 ms behind its finish reason. */
const USUAL = { maxTokens: 4_000, prompt: 'tokens=400 hidden=390 usage=300' };

/** Where the charge is an estimate the key has been answered before, so that something is usual for it. */
async function chargeOf(site: Site, one: Case): Promise<Charge> {
  const key = await newKey(site, one.isBudgeted);
  if (!one.isBudgeted && !isThrough(one)) await hear(site, one.kind, key, USUAL);
  const asked = await ask(site, one.kind, key, {
    ...one,
    ...USUAL,
    stream: (STREAM_POINTS as readonly string[]).includes(one.point),
  });
  await hangUpAt(one.point, asked);
  return { ...one, ratio: await ratioOf(asked) };
}

function newKey({ gateway, tenant }: Site, isBudgeted: boolean): Promise<Key> {
  return makeKey(gateway, tenant, { budgets: [{ amount: '1000', period: 'month', action: isBudgeted ? 'block' : 'alert' }] });
}

interface Asking {
  readonly n: number;
  readonly stream: boolean;
  readonly maxTokens: number;
  readonly prompt: string;
}

interface Asked {
  readonly client: ClientRequest;
  readonly call: BilledCall;
  readonly seen: { text: string; over: boolean };
  /** What the key was charged, once nothing of it is held any more. */
  charged(): Promise<number>;
}

let asked = 0;

/** Asks, and returns when the provider has the whole request. One request of a key at a time. */
async function ask({ gateway, provider }: Site, model: string, key: Key, asking: Asking): Promise<Asked> {
  const { n, stream, maxTokens, prompt } = asking;
  const before = await spentBy(gateway, key);
  const id = `call-${asked++}`;
  const isChat = !model.startsWith('anthropic');
  const body = JSON.stringify({
    model,
    max_tokens: maxTokens,
    messages: [{ role: 'user', content: prompt }],
    ...(stream ? { stream } : {}),
    ...(n > 1 ? { n } : {}),
    ...(isChat ? { user: id } : { metadata: { user_id: id } }),
    ...(isChat && stream ? { stream_options: { include_usage: true } } : {}),
  });
  const path = isChat ? '/v1/chat/completions' : '/v1/messages';
  const client = request({ port: gateway.port, host: '127.0.0.1', path, method: 'POST', agent: false });
  client.on('error', () => {}); // It hangs up.
  client.setHeader('authorization', `Bearer ${key.secret}`).setHeader('content-type', 'application/json').end(body);
  const seen = { text: '', over: false };
  client.on('response', (response: IncomingMessage) => {
    response.on('error', () => {});
    response.on('data', (chunk: Buffer) => {
      seen.text += chunk.toString();
    });
    response.on('end', () => {
      seen.over = true;
    });
  });
  return { client, seen, call: await provider.call(id), charged: async () => (await spentBy(gateway, key, before)) - before };
}

async function hangUpAt(point: Point, { client, call, seen }: Asked): Promise<void> {
  const sees = async (text: string) => {
    for (let tries = 0; !seen.text.includes(text); tries += 1) {
      if (tries > 10_000) throw new Error(`"${text}" was never seen`);
      await sleep(1);
    }
  };
  const points: Readonly<Record<Point, () => Promise<unknown>>> = {
    'first byte': () => sees('data:'),
    middle: () => sleep(MIDDLE_MS),
    'finish reason': () => Promise.race([sees('"finish_reason":"stop"'), sees('"stop_reason":"end_turn"')]),
    'after usage': () => Promise.race([sees('"completion_tokens"'), sees('"output_tokens":400')]),
    sent: () => sleep(SENT_MS),
    'half received': () => call.halfSent,
    after: () => once(client, 'close'),
  };
  await points[point]();
  client.destroy();
}

/** What was charged ÷ what the provider bills. */
async function ratioOf({ call, charged }: Asked): Promise<number> {
  await call.over;
  return (await charged()) / call.billedNanoUsd();
}

function isThrough({ point }: Case): boolean {
  return point === 'finish reason' || point === 'after usage' || point === 'after';
}

function honest(charges: readonly Charge[]): ProveResult {
  const these = charges.filter((one) => isThrough(one));
  return judged(
    these,
    'behind a stream’s finish reason, and of a whole answer that was heard',
    (ratio) => Math.abs(ratio - 1) <= 0.001,
  );
}

function wholeUnderBudget(charges: readonly Charge[]): ProveResult {
  const these = charges.filter(({ isBudgeted, point }) => isBudgeted && (WHOLE_POINTS as readonly string[]).includes(point));
  return judged(these, 'a whole answer under a budget, at every point', (ratio) => Math.abs(ratio - 1) <= 0.001);
}

function neverBelow(charges: readonly Charge[]): ProveResult {
  const these = charges.filter((one) => one.isBudgeted && (one.point === 'first byte' || one.point === 'middle'));
  return judged(these, 'a stream before its finish reason under a budget, `n: 8` too', (ratio) => ratio >= 1);
}

/** Nothing is promised of these but that they are estimated. */
function unbudgeted(charges: readonly Charge[]): ProveResult {
  const these = charges.filter((one) => !one.isBudgeted && !isThrough(one));
  return judged(these, 'without a budget before that, estimated', () => true);
}

/** Charged ÷ billed, from the least to the most, and where each lies. */
function judged(charges: readonly Charge[], what: string, isRight: (ratio: number) => boolean): ProveResult {
  const ratios = charges.map(({ ratio }) => ratio);
  const span = `${Math.min(...ratios).toFixed(3)} to ${Math.max(...ratios).toFixed(3)}`;
  const wrong = charges.filter(({ ratio }) => !isRight(ratio));
  return {
    holds: wrong.length === 0 && charges.length > 0,
    figure: `charged ÷ billed ${what}: ${span} (${charges.length})`,
    details: wrong.map((one) => `${nameOf(one)}: ${one.ratio.toFixed(4)}`),
    log: [...Map.groupBy(charges, nameOf)].map(([name, of]) => `${name}: ${of.map(({ ratio }) => ratio.toFixed(3)).join(', ')}`),
  };
}

function nameOf({ kind, point, isBudgeted, n }: Case): string {
  return `${kind}, ${point}, ${isBudgeted ? 'with' : 'without'} a budget${n > 1 ? `, n: ${n}` : ''}`;
}

/** An agent with `max_tokens: 32000` that stops after three seconds: on a new deployment, and when its pace is known. */
async function agentOf(site: Site, kind: Kind): Promise<ProveResult> {
  const model = `${kind}-agent`;
  await makeSteady(site, model, kind);
  const early = await bestAgent(site, model, 5.5);
  const answers = Array.from({ length: KNOWN_ANSWERS }, () => kind);
  await inParallel(answers, 10, async () => hear(site, model, await newKey(site, true), HEARD));
  const known = await bestAgent(site, model, 2.2);
  const { billed, held } = early;
  return {
    holds: early.isRight && known.isRight,
    figure: `an agent of ${kind} that stops after ${AGENT_MS / 1_000} s: ${early.ratio.toFixed(2)} × on a new deployment (at most 5.5), ${known.ratio.toFixed(2)} × after ${KNOWN_ANSWERS} answers (at most 2.2), and the hold would be ${(held / billed).toFixed(0)} ×`,
    details: [`${early.ratio} and ${known.ratio}`],
  };
}

interface Agent {
  readonly ratio: number;
  readonly billed: number;
  readonly held: number;
  readonly isRight: boolean;
}

/** Never below what was billed, however often it is asked. */
async function bestAgent(site: Site, model: string, most: number): Promise<Agent> {
  for (let tries = 1; ; tries += 1) {
    const found = await agent(site, model);
    const isRight = found.ratio >= 1 && found.ratio <= most;
    if (isRight || found.ratio < 1 || tries === AGENT_TRIES_MAX) return { ...found, isRight };
  }
}

const AGENT = { maxTokens: 32_000, prompt: `tokens=32000 hidden=0 usage=0 ${'Read the file. '.repeat(12)}` };

async function agent(site: Site, model: string): Promise<Omit<Agent, 'isRight'>> {
  const asked = await ask(site, model, await newKey(site, true), { ...AGENT, n: 1, stream: true });
  await sleep(AGENT_MS);
  asked.client.destroy();
  await asked.call.over;
  const billed = asked.call.billedNanoUsd();
  const held = AGENT.maxTokens * NANO_USD_PER_TOKEN.output;
  return { ratio: (await asked.charged()) / billed, billed, held };
}

const HEARD = { maxTokens: 400, prompt: 'tokens=200 hidden=100 usage=0' };

/** An answer that is heard to its end. */
async function hear(site: Site, model: string, key: Key, about: Pick<Asking, 'maxTokens' | 'prompt'>): Promise<void> {
  const { client, charged } = await ask(site, model, key, { ...about, n: 1, stream: true });
  await once(client, 'close');
  await charged();
}
