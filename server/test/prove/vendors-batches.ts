/**
 * Batches at a vendor that fails in every way, under a gateway that is killed twice: each line is charged once, to the key that made
 * the batch, and the ledger is the sum over the lines, worked out here.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import OpenAI, { toFile } from 'openai';
import { type BatchVendor, fateOf, startBatchVendor, usageOf } from '../support/batch-vendor.ts';
import { type Gateway, startGateway, temporaryDirectory } from './gateway.ts';
import { reportedNanoUsd } from './limit-site.ts';
import { runJob } from './proof-of-sums.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { type Key, makeCredential, makeKey, makeTenant, type Tenant } from './tenant.ts';

const MODEL = 'batched';
const MAX_TOKENS = 50;
/** Nano-dollars for a token at the batch tier. The ordinary rates are twice as high. */
const RATES = { input: 500, output: 5_000 } as const;
const PRICES = {
  input_per_million: '1.00',
  output_per_million: '10.00',
  service_tiers: { batch: { input_per_million: '0.50', output_per_million: '5.00' } },
};
const ENDED_MS_MAX = 120_000;

/** A line of the input file, and what becomes of it. */
interface Line {
  readonly customId: string;
  readonly text: string;
  readonly is: 'answered' | 'estimated' | 'failed' | 'missing' | 'refused';
  /** The charge that was worked out by hand. */
  readonly nanoUsd: number;
}

export async function run({ quick, doing }: ProveOptions): Promise<ProveResult> {
  const vendor = await startBatchVendor({
    runMs: 1_500,
    cutDownloads: 2,
    troubleEvery: 4,
    lostCreations: 1,
    hasStrangers: true,
    downloadPauseMs: quick ? 60 : 40,
  });
  try {
    return await proved(vendor, quick ? 600 : 10_000, doing ?? (() => {}));
  } finally {
    await vendor.close();
  }
}

interface Site {
  readonly tenant: Tenant;
  readonly key: Key;
  readonly mate: Key;
  readonly stranger: Key;
}

async function proved(vendor: BatchVendor, count: number, doing: (what: string) => void): Promise<ProveResult> {
  const [dataDir, lines] = [temporaryDirectory(), Array.from({ length: count }, (_, at) => lineAt(at))];
  let gateway = await startGateway({ dataDir });
  const { adminToken } = gateway;
  const kills: string[] = [];
  const killed = async (when: string) => {
    doing(`kill -9 ${when}`);
    kills.push(when);
    await gateway.kill();
    gateway = await startGateway({ dataDir, adminToken });
  };
  try {
    const site = await openSite(gateway, vendor);
    doing('a batch is made');
    const input = Buffer.from(lines.map(({ text }) => `${text}\n`).join(''));
    const file = await clientOf(gateway, site.key).files.create({ file: await toFile(input, 'lines.jsonl'), purpose: 'batch' });
    const refusal = await tooDear(gateway, site, file.id);
    const made = await clientOf(gateway, site.key).batches.create({
      input_file_id: file.id,
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
      metadata: { run: 'prove' },
    });
    await sleep(Math.random() * 1_200);
    await killed('while it is sent or waits');
    const held = await heldOf(gateway, site);
    let last = '';
    const status = async () => {
      last = await statusOf(gateway, site.key, made.id);
      return last;
    };
    await until('a batch to be finalizing', async () => (await status()) === 'finalizing').catch((error: Error) => {
      throw new Error(`${error.message}; it is ${last}`);
    });
    await sleep(Math.random() * 900);
    await killed('while its lines are settled');
    await until('a batch to end', async () => isOver(await status()));
    doing('the books are compared');
    const ended = await clientOf(gateway, site.key).batches.retrieve(made.id);
    return allOf([
      await linesAreRight(gateway, site, ended, lines),
      await booksAreRight(gateway, site, made.id, lines),
      await vendorIsLeftAlone(vendor, made.id),
      await nobodyElseFinds(gateway, site, made.id, ended.output_file_id ?? ''),
      judged(
        `two kills (${kills.join('; ')}), ${vendor.polls} looks, ${vendor.downloads} downloads; beyond its budget ${refusal.said}, held after a kill ${held.said}`,
        refusal.problems,
        held.problems,
      ),
    ]);
  } finally {
    await gateway.stop().catch(() => {});
  }
}

/** Every 20th line is a fault of one kind. */
function lineAt(at: number): Line {
  const customId = `caller-${at}`;
  const fates = ['refused', 'missing', 'twice', 'no_usage', 'absurd'] as const;
  const wrong = ['url', 'model', 'stream', 'messages'] as const;
  const fate = at % 20 === 7 ? fates[Math.floor(at / 20) % fates.length] : undefined;
  const fault = at % 20 === 13 ? wrong[Math.floor(at / 20) % wrong.length] : undefined;
  const prompt = `line ${at}${fate === undefined ? '' : ` ${fate}`}`;
  const body = {
    model: fault === 'model' ? 'another' : MODEL,
    messages: fault === 'messages' ? 'none' : [{ role: 'user', content: prompt }],
    max_tokens: MAX_TOKENS,
    ...(fault === 'stream' ? { stream: true } : {}),
  };
  const url = fault === 'url' ? '/v1/embeddings' : '/v1/chat/completions';
  const text = JSON.stringify({ custom_id: customId, method: 'POST', url, body });
  if (fault !== undefined) return { customId, text, is: 'refused', nanoUsd: 0 };
  switch (fateOf(prompt)) {
    case 'refused':
      return { customId, text, is: 'failed', nanoUsd: 0 };
    case 'missing':
      return { customId, text, is: 'missing', nanoUsd: 0 };
    case 'no_usage':
    case 'absurd':
      // Charged as it was estimated: a quarter of the line's bytes, and the output cap.
      return { customId, text, is: 'estimated', nanoUsd: costOf(Math.ceil(Buffer.byteLength(text) / 4), MAX_TOKENS) };
    default: {
      const { prompt_tokens, completion_tokens } = usageOf(prompt);
      return { customId, text, is: 'answered', nanoUsd: costOf(prompt_tokens, completion_tokens) };
    }
  }
}

function costOf(input: number, output: number): number {
  return input * RATES.input + output * RATES.output;
}

async function openSite(gateway: Gateway, vendor: BatchVendor): Promise<Site> {
  const budgets = [{ amount: '1000.00', period: 'month', action: 'block' }];
  const tenant = await makeTenant(gateway, { budgets, rate_limits: { tpd: 1_000_000_000, rpm: 100, tpm: 1_000 } });
  const other = await makeTenant(gateway);
  const credentialId = await makeCredential(gateway, 'openai', vendor.baseUrl);
  await gateway.admin('POST', '/deployments', {
    model: MODEL,
    provider: 'openai',
    upstream_model: 'gpt-batched-at-vendor',
    mode: 'chat',
    prices: PRICES,
    credential_id: credentialId,
  });
  const [key, mate, stranger] = [await makeKey(gateway, tenant), await makeKey(gateway, tenant), await makeKey(gateway, other)];
  return { tenant, key, mate, stranger };
}

/** What an answer was, for the line, and what is wrong with it. */
interface Found {
  readonly said: string;
  readonly problems: readonly string[];
}

/** A key whose budget is a hundredth of a cent is refused, and the refusal names the budget and what the batch needs. */
async function tooDear(gateway: Gateway, { tenant }: Site, fileId: string): Promise<Found> {
  const poor = await makeKey(gateway, tenant, {
    budgets: [{ amount: '0.0001', period: 'total', action: 'block' }],
  });
  const asked = { input_file_id: fileId, endpoint: '/v1/chat/completions', completion_window: '24h' } as const;
  const answer = await clientOf(gateway, poor)
    .batches.create(asked)
    .then(
      () => 'made',
      (error: InstanceType<typeof OpenAI.APIError>) => `${error.status} ${error.code} ${error.param}`,
    );
  const isRefused = answer.startsWith('429 insufficient_quota key_budget_total');
  return { said: answer, problems: isRefused ? [] : [`a batch beyond its budget: ${answer}`] };
}

/** After the kill the new process holds what the batch holds. */
async function heldOf(gateway: Gateway, { tenant }: Site): Promise<Found> {
  const { budgets } = await gateway.admin<{ budgets: readonly { scope: string; held: string }[] }>(
    'GET',
    `/organizations/${tenant.organizationId}/limits/status`,
  );
  const held = budgets.find(({ scope }) => scope === 'organization')?.held ?? 'none';
  return { said: held, problems: Number(held) > 0 ? [] : [`held after a kill: ${held}`] };
}

interface OutputLine {
  readonly custom_id: string;
  readonly response: { readonly body: { readonly model: string } } | null;
}

async function linesAreRight(
  gateway: Gateway,
  { mate }: Site,
  ended: OpenAI.Batch,
  lines: readonly Line[],
): Promise<ProveResult> {
  const problems: string[] = [];
  const read = async (id: string | undefined | null) => {
    if (id === undefined || id === null) return [];
    const content = await (await clientOf(gateway, mate).files.content(id)).text();
    return content.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as OutputLine]));
  };
  const [output, errors] = [await read(ended.output_file_id), await read(ended.error_file_id)];
  const wanted = (kinds: readonly Line['is'][]) => lines.filter(({ is }) => kinds.includes(is)).map(({ customId }) => customId);
  compare(problems, 'answers', output, wanted(['answered', 'estimated']));
  compare(problems, 'errors', errors, wanted(['failed', 'missing', 'refused']));
  for (const { response } of output) if (response?.body.model !== MODEL) problems.push(`a model named ${response?.body.model}`);
  const counts = { total: lines.length, completed: output.length, failed: errors.length };
  if (ended.status !== 'completed' || JSON.stringify(ended.request_counts) !== JSON.stringify(counts))
    problems.push(`${ended.status} ${JSON.stringify(ended.request_counts)} in place of ${JSON.stringify(counts)}`);
  return judged(
    `${output.length} answers and ${errors.length} errors of ${lines.length} lines, ${problems.length === 0 ? 'each once' : `${problems.length} problems`}`,
    problems.slice(0, 10),
  );
}

function compare(problems: string[], what: string, found: readonly OutputLine[], wanted: readonly string[]): void {
  const ids = found.map(({ custom_id }) => custom_id);
  if (new Set(ids).size !== ids.length) problems.push(`${what}: a line occurs twice`);
  const [has, wants] = [new Set(ids), new Set(wanted)];
  for (const id of wants.difference(has)) problems.push(`${what}: ${id} is missing`);
  for (const id of has.difference(wants)) problems.push(`${what}: ${id} is too much`);
}

interface LoggedRow {
  readonly id: string;
  readonly endpoint: string;
  readonly key_id: string;
  readonly status: string;
  readonly spend: string | null;
  readonly client_request_id: string | null;
}

async function booksAreRight(gateway: Gateway, { tenant, key }: Site, id: string, lines: readonly Line[]): Promise<ProveResult> {
  const problems: string[] = [];
  const byHand = lines.reduce((sum, { nanoUsd }) => sum + nanoUsd, 0);
  const reported = await reportedNanoUsd(gateway, `?organization_id=${tenant.organizationId}`);
  const ofKey = await reportedNanoUsd(gateway, `?organization_id=${tenant.organizationId}&key_id=${key.id}`);
  if (reported !== byHand || ofKey !== byHand) problems.push(`usage ${reported}, of the key ${ofKey}, by hand ${byHand}`);
  const rows = (await rowsOf(gateway, tenant.organizationId)).filter(({ endpoint }) => endpoint === 'batch');
  const ran = lines.flatMap(({ is }, at) => (is === 'missing' || is === 'refused' ? [] : [`${id}:${at + 1}`]));
  const found = rows.map(({ client_request_id }) => client_request_id ?? '');
  if (found.length !== ran.length || new Set(found).symmetricDifference(new Set(ran)).size > 0)
    problems.push(`${found.length} rows (${new Set(found).size} lines), ${ran.length} lines ran`);
  if (rows.some(({ key_id }) => key_id !== key.id)) problems.push('a line was charged to another key');
  const [batch] = (await clientOf(gateway, key).batches.list()).data as (OpenAI.Batch & { headgate: Charged })[];
  if (Math.round(Number(batch?.headgate.cost_usd) * 1e9) !== byHand || batch?.headgate.charged_at !== 'batch_price')
    problems.push(`the batch says ${JSON.stringify(batch?.headgate)}`);
  const proof = await runJob(gateway, 'proof');
  const isCounted = proof.includes(': 0 counters corrected, 0 days') && proof.includes('difference: 0');
  if (!isCounted) problems.push(`the proof of counters: ${proof}`);
  return judged(
    `ledger ${reported} nano-USD, of the key ${ofKey}, Σ by hand ${byHand}, the batch says ${batch?.headgate.cost_usd} USD; ${rows.length} rows of ${ran.length} lines that ran; counters ${isCounted ? 'agree' : 'were corrected'}`,
    problems,
  );
}

interface Charged {
  readonly charged_at: string;
  readonly cost_usd: string;
}

async function rowsOf(gateway: Gateway, organizationId: string): Promise<readonly LoggedRow[]> {
  const rows: LoggedRow[] = [];
  let cursor = '';
  do {
    const page = await gateway.admin<{ data: readonly LoggedRow[]; next_cursor: string | null }>(
      'GET',
      `/requests?organization_id=${organizationId}&limit=200${cursor}`,
    );
    rows.push(...page.data);
    cursor = page.next_cursor === null ? '' : `&cursor=${encodeURIComponent(page.next_cursor)}`;
  } while (cursor !== '');
  return rows;
}

async function vendorIsLeftAlone(vendor: BatchVendor, id: string): Promise<ProveResult> {
  const problems: string[] = [];
  const startedMs = performance.now();
  await until('the vendor to have no file', async () => vendor.files().length === 0).catch(() => {});
  const left = vendor.files();
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(0);
  if (left.length > 0) problems.push(`files left at the vendor after ${seconds} s: ${left.join(', ')}`);
  if (vendor.batchesOf(id) !== 1) problems.push(`${vendor.batchesOf(id)} batches at the vendor`);
  if ([...vendor.models].join() !== 'gpt-batched-at-vendor') problems.push(`models at the vendor: ${[...vendor.models].join()}`);
  return judged(`${vendor.batchesOf(id)} batch at the vendor, ${left.length} files left there after ${seconds} s`, problems);
}

async function nobodyElseFinds(gateway: Gateway, { stranger }: Site, id: string, fileId: string): Promise<ProveResult> {
  const client = clientOf(gateway, stranger);
  const status = (asked: Promise<unknown>) => asked.then(() => 200).catch((error: { status: number }) => error.status);
  const found = [
    await status(client.batches.retrieve(id)),
    await status(client.batches.cancel(id)),
    await status(client.files.content(fileId)),
    (await client.batches.list()).data.length,
  ];
  return judged(
    `another tenant’s key gets ${found.join(', ')}`,
    found.join() === '404,404,404,0' ? [] : [`another tenant got ${found.join()}`],
  );
}

function judged(figure: string, ...problems: readonly (readonly string[])[]): ProveResult {
  const details = problems.flat();
  return { holds: details.length === 0, figure, details };
}

function clientOf({ base }: Gateway, { secret }: Key): OpenAI {
  return new OpenAI({ baseURL: `${base}/v1`, apiKey: secret, maxRetries: 0 });
}

async function statusOf(gateway: Gateway, key: Key, id: string): Promise<string> {
  return (await clientOf(gateway, key).batches.retrieve(id)).status;
}

function isOver(status: string): boolean {
  return ['completed', 'failed', 'expired', 'cancelled'].includes(status);
}

async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + ENDED_MS_MAX;
  while (!(await isTrue())) {
    if (performance.now() > endMs) throw new Error(`waited ${ENDED_MS_MAX / 1_000} s for ${what}`);
    await sleep(20);
  }
}
