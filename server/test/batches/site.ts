/** A gateway with batches over a database and a vendor: everything real but the socket to the client and the ledger. */
import OpenAI, { toFile } from 'openai';
import { batchStore } from '../../src/boot/open-batches.ts';
import type { Budget } from '../../src/domain/limits/budget.ts';
import type { RateLimits } from '../../src/domain/limits/rate-limit.ts';
import type { CredentialConfig } from '../../src/domain/routing/credential.ts';
import type { Clock } from '../../src/lib/timing/clock.ts';
import { createFakeProvider } from '../../src/providers/fake/fake-provider.ts';
import { createOpenAiProvider } from '../../src/providers/openai/openai-provider.ts';
import { BatchHolds } from '../../src/proxy/batches/batch-holds.ts';
import { BatchesState } from '../../src/proxy/batches/batches-state.ts';
import { createContentOpener, createContentSealer } from '../../src/proxy/content/content-sealer.ts';
import type { Database } from '../../src/store/database.ts';
import { createAddressPolicy } from '../../src/upstream/address-policy.ts';
import { createFileCalls } from '../../src/upstream/file-calls.ts';
import { createTransport } from '../../src/upstream/transport.ts';
import { openFiles } from '../files/site.ts';
import { organizationOf, teamOf, wrappers } from '../responses/site.ts';
import type { BatchVendor } from '../support/batch-vendor.ts';
import { memoryResponses } from '../support/stored-responses.ts';
import { deployment, model, openHouse, type WalkHouse } from '../support/walk.ts';

const policy = createAddressPolicy({ mode: 'development', allowedUpstreams: '127.0.0.1' });
if ('problem' in policy) throw new Error(policy.problem);
const files = createFileCalls({ policy });
const provider = createOpenAiProvider({ transport: createTransport({ policy }), files });

export interface SiteOptions {
  readonly id?: string;
  readonly budgets?: readonly Budget[];
  readonly rateLimits?: RateLimits;
  readonly clock?: Clock;
}

export interface BatchSite {
  readonly house: WalkHouse;
  readonly batches: BatchesState;
  /** OpenAI's own client, with one of the keys: two of the first team, one of the second. */
  client(key?: number): OpenAI;
  upload(lines: readonly object[], key?: number): Promise<string>;
  /** Makes a batch of lines. */
  make(lines: readonly object[], key?: number): Promise<OpenAI.Batch>;
  /** Waits until a batch is in one of these states. */
  until(id: string, ...statuses: readonly string[]): Promise<OpenAI.Batch>;
  /** Ends the process as a kill does, as far as batches are concerned, and begins another one on the same database. */
  restart(): Promise<void>;
  warnings: readonly string[];
  close(): Promise<void>;
}

export async function openBatchSite(db: Database, vendor: BatchVendor, options: SiteOptions = {}): Promise<BatchSite> {
  const { id = 'org_a', budgets = [], rateLimits = {} } = options;
  const credential = { id: 'cred_1', provider: 'openai', apiKey: 'sk-vendor', baseUrl: vendor.baseUrl } as CredentialConfig;
  const at = { provider: 'openai', upstreamModel: 'gpt-at-vendor', credential } as const;
  const fileStore = openFiles(db);
  const house = await openHouse({
    organization: { ...organizationOf(id), slug: id, files: 'team', budgets, rateLimits },
    team: { id: teamOf(id, 1) },
    moreTeams: [{ id: teamOf(id, 2) }],
    key: { organizationId: id, teamId: teamOf(id, 1) },
    moreKeys: [{}, { teamId: teamOf(id, 2) }],
    targets: [model('fast', [deployment(at)]), model('local', [deployment({ id: 'dep_2', model: 'local' })])],
    provider: createFakeProvider(),
    moreProviders: [provider],
    gateway: { responses: memoryResponses(), files: fileStore },
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  });
  const warnings: string[] = [];
  const begin = () => {
    const batches = new BatchesState({
      gateway: house.gateway,
      store: batchStore(db),
      files: fileStore,
      holds: new BatchHolds(house.gateway),
      seal: createContentSealer(wrappers),
      open: createContentOpener(wrappers),
      owner: 'process1',
      isAlone: true,
      stored: async () => void house.journal.position(),
      log: { warn: (_facts, message) => warnings.push(message) },
    });
    house.gateway.batches = batches;
    batches.driver.start();
    return batches;
  };
  let batches = begin();
  const client = (key = 0) =>
    new OpenAI({
      ...{ apiKey: 'unused', baseURL: 'http://test/v1', maxRetries: 0 },
      fetch: (url, init) => call(house, key, new Request(String(url), init as RequestInit)),
    });
  const upload = async (lines: readonly object[], key = 0) => {
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    return (await client(key).files.create({ purpose: 'batch', file: await toFile(Buffer.from(text), 'lines.jsonl') })).id;
  };
  return {
    house,
    get batches() {
      return batches;
    },
    client,
    upload,
    make: async (lines, key = 0) =>
      client(key).batches.create({
        input_file_id: await upload(lines, key),
        endpoint: '/v1/chat/completions',
        completion_window: '24h',
        metadata: { run: '7' },
      }),
    until: async (batchId, ...statuses) => {
      for (let tries = 0; tries < 600; tries += 1) {
        const found = await client().batches.retrieve(batchId);
        if (statuses.includes(found.status)) return found;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`the batch did not become ${statuses.join(' or ')}: ${warnings.join('; ')}`);
    },
    restart: async () => {
      await batches.driver.close();
      batches = begin();
    },
    warnings,
    close: async () => {
      await batches.driver.close();
      await house.close();
    },
  };
}

async function call(house: WalkHouse, key: number, request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const { status, headers, text } = await house.ask(null, {
    ...{ method: request.method, path: pathname, query: search.slice(1), secret: house.secrets[key] as string },
    raw: Buffer.from(await request.arrayBuffer()),
    headers: ['content-type', request.headers.get('content-type') ?? 'application/json'],
  });
  return new Response(text, { status, headers });
}

/** A line of a batch, whose fate at the vendor its prompt names. */
export function line(at: number, fate = '', more: object = {}): object {
  const messages = [{ role: 'user', content: `line ${at}${fate === '' ? '' : ` ${fate}`}` }];
  const body = { model: 'fast', messages, max_tokens: 20, ...more };
  return { custom_id: `mine-${at}`, method: 'POST', url: '/v1/chat/completions', body };
}
