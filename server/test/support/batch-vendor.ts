/**
 * A vendor of files and batches over HTTP, as OpenAI's API has them, with faults. What it bills for a line is computed from the line
 * alone, so that a test can work it out by itself.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What becomes of one line, by what its prompt says. */
export type Fate = 'answered' | 'refused' | 'missing' | 'twice' | 'no_usage' | 'absurd';

export interface BatchVendorOptions {
  /** The time from the creation of a batch to its end. */
  readonly runMs?: number;
  /** The state in which batches end. */
  readonly end?: 'completed' | 'failed' | 'expired' | 'cancelled';
  /** The first downloads that break off in the middle. */
  readonly cutDownloads?: number;
  /** Of so many requests that ask for a batch, one is answered 429, and another one 500. */
  readonly troubleEvery?: number;
  /** The first batches that are made and never confirmed: the connection closes. */
  readonly lostCreations?: number;
  /** Lines that nobody sent are among the results. */
  readonly hasStrangers?: boolean;
  /** The pause after each 64 kB of a download, so that a kill can fall into it. */
  readonly downloadPauseMs?: number;
}

interface SentLine {
  readonly custom_id: string;
  readonly url: string;
  readonly body: { readonly model: string; readonly messages?: readonly { readonly content: string }[] };
}

interface VendorFile {
  readonly id: string;
  readonly filename: string;
  readonly bytes: Buffer;
}

interface VendorBatch {
  readonly id: string;
  readonly inputFileId: string;
  readonly endpoint: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly createdMs: number;
  isCancelled: boolean;
  results: { readonly output: string | null; readonly error: string | null } | null;
}

/** The use that the vendor reports for a line with this prompt. */
export function usageOf(prompt: string): { readonly prompt_tokens: number; readonly completion_tokens: number } {
  const number = numberIn(prompt);
  return { prompt_tokens: 10 + (number % 7), completion_tokens: 5 + (number % 11) };
}

/** The fate of a line with this prompt: `line 17 twice`. */
export function fateOf(prompt: string): Fate {
  return (/^line \d+ (\w+)/.exec(prompt)?.[1] ?? 'answered') as Fate;
}

function numberIn(prompt: string): number {
  return Number(/^line (\d+)/.exec(prompt)?.[1] ?? 0);
}

export interface BatchVendor {
  readonly baseUrl: string;
  /** The batches that were made, by the batch of ours that they name. */
  batchesOf(ours: string): number;
  /** The files that are not deleted. */
  files(): readonly string[];
  /** The models that lines named. */
  readonly models: ReadonlySet<string>;
  /** How often the state of a batch was asked for, and how often a download began. */
  readonly polls: number;
  readonly downloads: number;
  close(): Promise<void>;
}

export async function startBatchVendor(options: BatchVendorOptions = {}): Promise<BatchVendor> {
  const vendor = new Vendor(options);
  await vendor.listen();
  return vendor;
}

class Vendor implements BatchVendor {
  baseUrl = '';
  readonly models = new Set<string>();
  polls = 0;
  downloads = 0;
  readonly #options: BatchVendorOptions;
  readonly #server: Server;
  readonly #files = new Map<string, VendorFile>();
  readonly #batches = new Map<string, VendorBatch>();
  #made = 0;
  #lost = 0;

  constructor(options: BatchVendorOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.baseUrl = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  batchesOf(ours: string): number {
    return [...this.#batches.values()].filter(({ metadata }) => metadata.headgate_batch === ours).length;
  }

  files(): readonly string[] {
    return [...this.#files.keys()];
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const body = await bodyOf(request).catch(() => null);
    if (body === null) return undefined;
    const url = new URL(request.url ?? '/', 'http://vendor');
    const [, , what, id, part] = url.pathname.split('/');
    if (what === 'files') return this.#serveFiles(request, response, { id, part, body });
    if (what !== 'batches') return sayError(response, 404, 'there is nothing here');
    if (id === undefined && request.method === 'POST') return this.#create(JSON.parse(body.toString()), response);
    if (id === undefined)
      return say(response, {
        object: 'list',
        data: [...this.#batches.values()].reverse().map((one) => this.#shown(one)),
        has_more: false,
      });
    const batch = this.#batches.get(id);
    if (batch === undefined) return sayError(response, 404, `no batch ${id}`);
    if (part === 'cancel') {
      batch.isCancelled = true;
      return say(response, this.#shown(batch));
    }
    this.polls += 1;
    const { troubleEvery = 0 } = this.#options;
    if (troubleEvery > 0 && this.polls % troubleEvery === 1) return sayError(response, 429, 'slow down', { 'retry-after': '1' });
    if (troubleEvery > 0 && this.polls % troubleEvery === 2) return sayError(response, 500, 'the server had an error');
    return say(response, this.#shown(batch));
  }

  #serveFiles(
    request: IncomingMessage,
    response: ServerResponse,
    { id, part, body }: { readonly id: string | undefined; readonly part: string | undefined; readonly body: Buffer },
  ): unknown {
    if (id === undefined && request.method === 'POST') {
      const file = { ...fileIn(body), id: this.#newId('file') };
      this.#files.set(file.id, file);
      return say(response, { id: file.id, object: 'file', filename: file.filename, bytes: file.bytes.length });
    }
    if (id === undefined) {
      const data = [...this.#files.values()].map(({ id: its, filename }) => ({ id: its, object: 'file', filename }));
      return say(response, { object: 'list', data, has_more: false });
    }
    const file = this.#files.get(id);
    if (file === undefined) return sayError(response, 404, `no file ${id}`);
    if (part === 'content') return this.#download(file, response);
    if (request.method === 'DELETE') this.#files.delete(id);
    return say(response, { id, object: 'file', deleted: request.method === 'DELETE' });
  }

  async #download({ bytes }: VendorFile, response: ServerResponse): Promise<void> {
    this.downloads += 1;
    const isCut = this.downloads <= (this.#options.cutDownloads ?? 0);
    response.writeHead(200, { 'content-type': 'application/jsonl' });
    const end = isCut ? Math.floor(bytes.length * 0.6) : bytes.length;
    for (let at = 0; at < end; at += 65_536) {
      if (response.destroyed) return;
      response.write(bytes.subarray(at, Math.min(end, at + 65_536)));
      const { downloadPauseMs = 0 } = this.#options;
      if (downloadPauseMs > 0) await new Promise((resolve) => setTimeout(resolve, downloadPauseMs));
    }
    // Some cuts break the connection, and some look like an ordinary end.
    if (isCut && this.downloads % 2 === 1) response.destroy();
    else response.end();
  }

  #create(asked: Record<string, unknown>, response: ServerResponse): unknown {
    const id = this.#newId('batch');
    const made: VendorBatch = {
      id,
      inputFileId: String(asked.input_file_id),
      endpoint: String(asked.endpoint),
      metadata: asked.metadata as Record<string, string>,
      createdMs: Date.now(),
      isCancelled: false,
      results: null,
    };
    this.#batches.set(id, made);
    if (this.#lost < (this.#options.lostCreations ?? 0)) {
      this.#lost += 1;
      return response.destroy();
    }
    return say(response, this.#shown(made));
  }

  #shown(batch: VendorBatch): object {
    const { runMs = 0, end = 'completed' } = this.#options;
    const isOver = batch.isCancelled || Date.now() - batch.createdMs >= runMs;
    if (isOver) batch.results ??= this.#results(batch, batch.isCancelled ? 'cancelled' : end);
    return {
      id: batch.id,
      object: 'batch',
      endpoint: batch.endpoint,
      created_at: Math.floor(batch.createdMs / 1_000),
      metadata: batch.metadata,
      status: isOver ? (batch.isCancelled ? 'cancelled' : end) : 'in_progress',
      output_file_id: batch.results?.output ?? null,
      error_file_id: batch.results?.error ?? null,
      request_counts: { total: 0, completed: 0, failed: 0 },
      errors:
        end === 'failed' ? { data: [{ code: 'invalid_json_line', message: 'This line is not parseable.', line: 3 }] } : null,
    };
  }

  /** The results, in an order of the vendor's own. One that ends early answers every second line. */
  #results(batch: VendorBatch, end: string): NonNullable<VendorBatch['results']> {
    const lines = (this.#files.get(batch.inputFileId)?.bytes.toString('utf8') ?? '').split('\n').filter((line) => line !== '');
    if (end === 'failed') return { output: null, error: null };
    const [output, error]: [string[], string[]] = [[], []];
    for (const [index, text] of lines.entries()) {
      const line = JSON.parse(text) as SentLine;
      this.models.add(line.body.model);
      if (end !== 'completed' && index % 2 === 1) continue;
      const prompt = line.body.messages?.[0]?.content ?? '';
      const fate = fateOf(prompt);
      if (fate === 'missing') continue;
      if (fate === 'refused') error.push(refusal(line));
      else output.push(answer(line, prompt, fate));
      if (fate === 'twice') output.push(answer(line, prompt, fate));
    }
    if (this.#options.hasStrangers === true) {
      output.push(JSON.stringify({ custom_id: '999999', response: { status_code: 200, body: { usage: { prompt_tokens: 9 } } } }));
      output.push(JSON.stringify({ custom_id: 'nobody', response: { status_code: 200, body: {} } }), '{"custom_id": 7');
    }
    const stored = (name: string, all: readonly string[]) => {
      if (all.length === 0) return null;
      const id = this.#newId('file');
      this.#files.set(id, { id, filename: name, bytes: Buffer.from(`${[...all].reverse().join('\n')}\n`) });
      return id;
    };
    return { output: stored('output.jsonl', output), error: stored('error.jsonl', error) };
  }

  #newId(kind: string): string {
    this.#made += 1;
    return `${kind}-vendor-${this.#made}`;
  }
}

function answer({ custom_id, body }: SentLine, prompt: string, fate: Fate): string {
  const used = usageOf(prompt);
  const usage = { ...used, total_tokens: used.prompt_tokens + used.completion_tokens };
  const reported = fate === 'no_usage' ? undefined : fate === 'absurd' ? { ...usage, prompt_tokens: 4e18 } : usage;
  const message = { role: 'assistant', content: `answer to ${prompt}` };
  const completion = {
    id: `chatcmpl-${custom_id}`,
    object: 'chat.completion',
    created: 1_700_000_000,
    model: body.model,
    choices: [{ index: 0, message, finish_reason: 'stop' }],
    usage: reported,
  };
  return JSON.stringify({
    id: `batch_req_${custom_id}`,
    custom_id,
    response: { status_code: 200, request_id: 'r', body: completion },
    error: null,
  });
}

function refusal({ custom_id }: SentLine): string {
  const body = { error: { message: 'This line was refused.', type: 'invalid_request_error', code: 'bad_line', param: null } };
  return JSON.stringify({
    id: `batch_req_${custom_id}`,
    custom_id,
    response: { status_code: 400, request_id: 'r', body },
    error: null,
  });
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** Reads the one file of a form. */
function fileIn(body: Buffer): { readonly filename: string; readonly bytes: Buffer } {
  const boundary = body.subarray(0, body.indexOf('\r\n'));
  const head = body.indexOf('name="file"');
  const from = body.indexOf('\r\n\r\n', head) + 4;
  const to = body.indexOf(Buffer.concat([Buffer.from('\r\n'), boundary]), from);
  const filename = /filename="([^"]*)"/.exec(body.subarray(head, from).toString())?.[1] ?? '';
  return { filename, bytes: Buffer.from(body.subarray(from, to)) };
}

function say(response: ServerResponse, value: object): ServerResponse {
  response.writeHead(200, { 'content-type': 'application/json' });
  return response.end(JSON.stringify(value));
}

function sayError(
  response: ServerResponse,
  status: number,
  message: string,
  headers: Record<string, string> = {},
): ServerResponse {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  return response.end(JSON.stringify({ error: { message, type: 'server_error', param: null, code: null } }));
}
