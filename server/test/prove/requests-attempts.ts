// The attempts of a request are the same wherever they are shown, and hold nothing that a provider should not have said.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Gateway, startGateway } from './gateway.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { rowsFromBefore } from './rows-from-before.ts';
import { type ProviderCall, type SmallProvider, startSmallProvider } from './small-provider.ts';
import { type Key, makeCredential, makeKey, makeModel, makeTenant, PROVIDER_SECRET, type Tenant } from './tenant.ts';

const BEARER = 'canary0bearer0001';
const PASSWORD = 'canary0password0002';
const STORED_MS_MAX = 20_000;

interface Attempt {
  readonly attempt: number;
  readonly deployment_id: string;
  readonly result: string;
  readonly status: number | null;
  readonly code: string | null;
  readonly message: string | null;
  readonly next: string;
  readonly next_reason: string | null;
  readonly wait_ms: number | null;
  readonly not_tried: readonly { readonly deployment_id: string; readonly reason: string }[];
}

/** One attempt, as the table says it must be: the upstream model, and the rest in the order of the API. */
type Expected = readonly [
  upstream: string,
  result: string,
  status: number | null,
  code: string | null,
  next: string,
  reason: string | null,
];

interface Case {
  readonly model: string;
  readonly fallbacks?: readonly string[];
  readonly stream?: boolean;
  readonly status: number;
  readonly attempts: readonly Expected[];
  /** A part of the decision's sentence. */
  readonly sentence: string;
}

const down = (upstream: string, next: string, reason: string): Expected => [upstream, 'error', 503, 'unavailable', next, reason];
const answered = (upstream: string): Expected => [upstream, 'answered', 200, null, 'ended', null];

const CASES: readonly Case[] = [
  { model: 'fine', status: 200, attempts: [answered('fine')], sentence: 'Admitted: ' },
  { model: 'fine', stream: true, status: 200, attempts: [answered('fine')], sentence: 'Admitted: ' },
  {
    model: 'down',
    status: 502,
    attempts: [
      down('down', 'retried', 'only_candidate'),
      down('down', 'retried', 'only_candidate'),
      down('down', 'ended', 'no_candidate_left'),
    ],
    sentence: '; three attempts failed: the last, at openai/down, said 503 (“',
  },
  {
    model: 'third',
    status: 200,
    attempts: [down('third', 'retried', 'only_candidate'), down('third', 'retried', 'only_candidate'), answered('third')],
    sentence: '; two attempts failed, and then openai/third answered.',
  },
  {
    model: 'chain',
    fallbacks: ['chain-raw', 'chain-down'],
    status: 502,
    attempts: [
      ['chain', 'error', 429, 'rate_limited', 'fell_back', 'other_candidate'],
      ['chain-raw', 'failed', 200, 'unreadable', 'fell_back', 'other_candidate'],
      down('chain-down', 'ended', 'no_candidate_left'),
    ],
    sentence: '; three attempts failed: the last, at openai/chain-down, said 503 (“',
  },
  {
    model: 'saved',
    fallbacks: ['saved-down', 'fine'],
    stream: true,
    status: 200,
    attempts: [
      ['saved', 'error', 401, 'credential', 'fell_back', 'other_candidate'],
      down('saved-down', 'fell_back', 'other_candidate'),
      answered('fine'),
    ],
    sentence: '; two attempts failed, and then openai/fine answered.',
  },
  {
    model: 'bad',
    fallbacks: ['fine'],
    status: 400,
    attempts: [['bad', 'error', 400, 'caller', 'ended', 'final']],
    sentence: '; the attempt at openai/bad failed: it said 400 (“',
  },
];

const STATUSES: Readonly<Record<string, number>> = { chain: 429, saved: 401, bad: 400 };

interface Site {
  readonly gateway: Gateway;
  readonly provider: SmallProvider;
  readonly tenant: Tenant;
  readonly key: Key;
  /** Ids of deployments by upstream model. */
  readonly ids: ReadonlyMap<string, string>;
  /** What the provider says when it fails. */
  readonly secrets: readonly string[];
}

/** A request that was made, with what was seen of it so far. */
interface Asked {
  readonly one: Case;
  readonly id: string;
  readonly status: number;
  readonly text: string;
}

const ROUNDS = { full: 5, quick: 1 };

export async function run(options: ProveOptions): Promise<ProveResult> {
  const rounds = options.quick ? ROUNDS.quick : ROUNDS.full;
  let shown: ProveResult = { holds: false, figure: '' };
  // Each round has a gateway of its own, because deployments that failed three times cool down.
  for (let round = 1; round <= rounds; round += 1) {
    options.doing?.(`round ${round}`);
    shown = await oneRound();
    if (!shown.holds) return shown;
  }
  const before = await rowsFromBefore(options);
  const each = { ...shown, figure: `${rounds} × ${shown.figure}` };
  return before.skipped === undefined ? allOf([each, before]) : each;
}

async function oneRound(): Promise<ProveResult> {
  const said: { words: string } = { words: '' };
  const provider = await startSmallProvider((call) => sayOf(call, said.words, provider));
  const gateway = await startGateway();
  try {
    const site = await openSite(gateway, provider);
    said.words = `Bearer ${BEARER} for ${site.secrets.join(' and ')} at https://me:${PASSWORD}@example.com/v1 \u001c\u001e`;
    const asked: Asked[] = [];
    for (const one of CASES) asked.push(await ask(site, one));
    const early = await everyPlane(site, asked);
    await untilStored(site, asked);
    const late = await everyPlane(site, asked);
    const health = await healthOf(site, asked);
    const clean = await canaries(site, [...early.seen, ...late.seen, ...health.seen, ...asked.map(({ text }) => text)]);
    return allOf([planesShown('from memory', early), planesShown('from the database', late), health.result, clean]);
  } finally {
    await gateway.stop();
    await provider.stop();
  }
}

function sayOf({ model }: ProviderCall, message: string, provider: SmallProvider) {
  if (model.endsWith('-raw')) return { raw: `not JSON ${message}` };
  const isThird = model === 'third' && provider.calls.filter((call) => call.model === model).length % 3 === 0;
  if (model === 'fine' || isThird) return { text: 'Hello there.' };
  return { status: STATUSES[model] ?? 503, message };
}

async function openSite(gateway: Gateway, provider: SmallProvider): Promise<Site> {
  const credentialId = await makeCredential(gateway, 'openai', provider.baseUrl);
  const names = new Set(CASES.flatMap(({ model, fallbacks = [] }) => [model, ...fallbacks]));
  const ids = new Map<string, string>();
  for (const model of names)
    ids.set(model, await makeModel(gateway, { model, provider: 'openai', upstreamModel: model, credentialId }));
  for (const { model, fallbacks } of CASES)
    if (fallbacks !== undefined) await gateway.admin('PATCH', `/models/${model}`, { fallbacks });
  const tenant = await makeTenant(gateway);
  const key = await makeKey(gateway, tenant);
  return { gateway, provider, tenant, key, ids, secrets: [PROVIDER_SECRET, key.secret, gateway.adminToken] };
}

async function ask({ gateway, key }: Site, one: Case): Promise<Asked> {
  const response = await fetch(`${gateway.base}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ model: one.model, max_tokens: 20, messages: [{ role: 'user', content: 'Hi.' }] },
      ...(one.stream === true ? { stream: true } : {}),
    }),
    signal: AbortSignal.timeout(60_000),
  });
  return { one, id: response.headers.get('x-request-id') ?? '', status: response.status, text: await response.text() };
}

interface Planes {
  readonly lists: number;
  readonly wrong: readonly string[];
  readonly seen: readonly string[];
}

/** Reads each request's attempts wherever they are shown. */
async function everyPlane(site: Site, asked: readonly Asked[]): Promise<Planes> {
  const { gateway, key } = site;
  const wrong: string[] = [];
  const seen: string[] = [];
  let lists = 0;
  for (const { one, id, status } of asked) {
    if (status !== one.status) wrong.push(`${one.model} answered ${status}, not ${one.status}`);
    type Shown = { readonly attempts_made: readonly Attempt[] | null; readonly sentence: string };
    const detail = await gateway.admin<{ attempts: number; attempts_made: Shown['attempts_made']; decision: Shown }>(
      'GET',
      `/requests/${id}`,
    );
    const decision = await gateway.admin<Shown>('GET', `/decisions/${id}`);
    const own = await fetch(`${gateway.base}/v1/decisions/${id}`, { headers: { authorization: `Bearer ${key.secret}` } });
    const tenants = (await own.json()) as Shown;
    seen.push(JSON.stringify([detail, decision, tenants]));
    const planes = { detail: detail.attempts_made, inDetail: detail.decision.attempts_made, decision: decision.attempts_made };
    for (const [name, list] of Object.entries({ ...planes, tenants: tenants.attempts_made })) {
      lists += 1;
      const differences = differencesOf(site, one, list);
      if (differences !== '') wrong.push(`${one.model}, ${name}: ${differences}`);
    }
    // Words about the operator's account are for the platform.
    const withheld = decision.attempts_made?.map((at) => (at.code === 'credential' ? { ...at, message: null } : at));
    if (JSON.stringify(tenants.attempts_made) !== JSON.stringify(withheld)) wrong.push(`${one.model}: a tenant sees others`);
    if (detail.attempts !== one.attempts.length) wrong.push(`${one.model}: ${detail.attempts} attempts`);
    for (const { sentence } of [detail.decision, decision, tenants])
      if (!sentence.includes(one.sentence)) wrong.push(`${one.model}: ${sentence}`);
  }
  return { lists, wrong, seen };
}

function differencesOf({ ids }: Site, one: Case, list: readonly Attempt[] | null): string {
  const expected = one.attempts.map(([upstream, ...rest], at) => [at + 1, ids.get(upstream), ...rest]);
  const found = list?.map((at) => [at.attempt, at.deployment_id, at.result, at.status, at.code, at.next, at.next_reason]);
  if (JSON.stringify(found) !== JSON.stringify(expected)) return `${JSON.stringify(found)} is not ${JSON.stringify(expected)}`;
  const long = list?.find(({ message }) => (message?.length ?? 0) > 300);
  const pauses = list?.filter(({ next, wait_ms: waitMs }) => (next === 'retried') !== (waitMs !== null)) ?? [];
  if (long !== undefined) return 'a message is too long';
  return pauses.length > 0 ? 'a pause is missing, or there where nothing was retried' : '';
}

function planesShown(from: string, { lists, wrong }: Planes): ProveResult {
  const figure = `${lists - wrong.length} of ${lists} lists of attempts as the table says, ${from}`;
  return { holds: wrong.length === 0, figure, details: wrong };
}

/** Waits until every attempt is counted. */
async function untilStored(site: Site, asked: readonly Asked[]): Promise<void> {
  const wanted = asked.flatMap(({ one }) => one.attempts).length;
  const deadlineMs = performance.now() + STORED_MS_MAX;
  for (;;) {
    const counted = (await deploymentsOf(site)).reduce((sum, one) => sum + one.attempts.attempts, 0);
    if (counted >= wanted || performance.now() > deadlineMs) return;
    await sleep(100);
  }
}

interface Shown {
  readonly id: string;
  readonly state: string;
  readonly attempts: {
    readonly attempts: number;
    readonly errors: number;
    readonly caller_errors: number;
    readonly last_error: { readonly request_id: string; readonly status: number | null; readonly code: string | null } | null;
    readonly failing_since: string | null;
  };
}

async function deploymentsOf({ gateway }: Site): Promise<readonly Shown[]> {
  return (await gateway.admin<{ data: readonly Shown[] }>('GET', '/deployments?limit=200')).data;
}

const STATES: Readonly<Record<string, string>> = { fine: 'in_service', bad: 'in_service', third: 'degraded' };

/** The numbers of each deployment, of the provider and of the metrics, beside the table. */
async function healthOf(site: Site, asked: readonly Asked[]): Promise<{ result: ProveResult; seen: readonly string[] }> {
  const { gateway, ids } = site;
  const all = asked.flatMap(({ one, id }) => one.attempts.map(([upstream, result, , code]) => ({ upstream, result, code, id })));
  const wrong: string[] = [];
  const shown = await deploymentsOf(site);
  for (const [upstream, id] of ids) {
    const own = all.filter((one) => one.upstream === upstream);
    const errors = own.filter(({ result }) => result !== 'answered');
    const { attempts, state } = shown.find((one) => one.id === id) as Shown;
    const callers = errors.filter(({ code }) => code === 'caller').length;
    const wanted = [own.length, errors.length, callers, errors.at(-1)?.id ?? null, errors.at(-1)?.code ?? null];
    const { last_error: last } = attempts;
    const found = [attempts.attempts, attempts.errors, attempts.caller_errors, last?.request_id ?? null, last?.code ?? null];
    if (JSON.stringify(found) !== JSON.stringify(wanted))
      wrong.push(`${upstream}: ${found.join(', ')}, not ${wanted.join(', ')}`);
    if (state !== (STATES[upstream] ?? 'failing')) wrong.push(`${upstream} is ${state}`);
    if ((attempts.failing_since !== null) !== (state === 'failing'))
      wrong.push(`${upstream} fails since ${attempts.failing_since}`);
  }
  const errors = all.filter(({ result }) => result !== 'answered').length;
  const overview = await gateway.admin<{ errors: number; providers: readonly (Shown & { provider: string; errors: number })[] }>(
    'GET',
    '/overview',
  );
  const openai = overview.providers.find(({ provider }) => provider === 'openai');
  if (openai?.attempts.attempts !== all.length || openai.attempts.errors !== errors || openai.errors !== errors)
    wrong.push(
      `the overview counts ${openai?.attempts.attempts} and ${openai?.attempts.errors}, not ${all.length} and ${errors}`,
    );
  if (overview.errors > (openai?.errors ?? 0)) wrong.push(`the overview's ${overview.errors} errors contradict its provider's`);
  const metrics = await (await fetch(`${gateway.base}/metrics`)).text();
  for (const result of ['answered', 'error', 'failed', 'broken', 'cancelled']) {
    const wanted = all.filter((one) => one.result === result).length;
    const line = new RegExp(`^headgate_upstream_attempts_total\\{provider="openai",outcome="${result}"\\} (\\d+)$`, 'm');
    const found = Number(line.exec(metrics)?.[1] ?? 0);
    if (found !== wanted) wrong.push(`the metrics count ${found} × ${result}, not ${wanted}`);
  }
  const figure = `${all.length} attempts with ${errors} errors counted the same by ${ids.size} deployments, the provider and the metrics`;
  return {
    result: { holds: wrong.length === 0, figure, details: wrong },
    seen: [JSON.stringify([shown, overview]), metrics],
  };
}

/** Looks for each secret in all that was shown, in the log, and in every file. */
async function canaries({ gateway, secrets }: Site, seen: readonly string[]): Promise<ProveResult> {
  const all = [...secrets, BEARER, PASSWORD];
  const files = readdirSync(gateway.dataDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const texts = [
    ...seen.map((text, at) => [`answer ${at}`, Buffer.from(text)] as const),
    ['the log', Buffer.from(gateway.output())] as const,
    ...files.map((file) => [file.name, readFileSync(path.join(file.parentPath, file.name))] as const),
  ];
  const found = texts.flatMap(([name, bytes]) =>
    all.filter((secret) => bytes.includes(secret)).map((secret) => `${secret} in ${name}`),
  );
  return {
    holds: found.length === 0,
    figure: `${all.length} canary secrets in ${texts.length} answers and files: found ${found.length} times`,
    details: found,
  };
}
