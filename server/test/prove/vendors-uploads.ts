/**
 * The memory of a gateway while large files arrive at once, with a provider that checks every byte of what it is sent, the money that
 * they cost, and what a kill leaves of them.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FormReader } from '../../src/dialects/exchange.ts';
import { startPostgres } from '../support/postgres.ts';
import { type Gateway, startGateway } from './gateway.ts';
import type { ProveResult } from './prove.ts';
import { type Key, makeCredential, makeKey, makeModel, makeTenant } from './tenant.ts';

const MB = 1_000_000;
const FILE_BYTES = 200 * MB;
const RECORDING_BYTES = 20 * MB;
/** The most memory, in MB, by which the process may grow while files arrive. */
const RISE_MB_MAX = 200;
const TENANTS = 4;
const SECONDS = 7;
const SECOND_NANO_USD = 100_000;
const PIECE = Buffer.alloc(65_536, 'a recording of nothing, \r\n--');
/** The longest for which a file has a name: from its creation to its removal, on a busy disk. */
const NAMED_MS_MAX = 5_000;
const WAIT_MS_MAX = 30_000;

export interface Uploads {
  readonly files: number;
  readonly recordings: number;
  readonly doing: (what: string) => void;
}

/** Sends files and recordings at once. All are accepted, the memory rises by little, the money is exact, and nothing is left. */
export async function uploads(options: Uploads): Promise<ProveResult> {
  const vendor = await startVendor(hashOfRecording());
  const postgres = await startPostgres();
  // Clients behind a proxy: one address may not take all of the disk.
  const env = {
    HEADGATE_TRUSTED_PROXIES: '127.0.0.1',
    ...(postgres === null ? {} : { DATABASE_URL: postgres.url }),
  };
  let gateway = await startGateway({ env });
  try {
    const hasFiles = (await statusOf(gateway, '/v1/files')) !== 404;
    const keys = await makeKeys(gateway, vendor.origin);
    // Code that runs for the first time takes memory too.
    await upload(gateway, recordingOf(keys[0] as Key));
    const parts: (ProveResult & { readonly said: string })[] = [];
    if (hasFiles) {
      options.doing('files of 200 MB arrive at a gateway');
      parts.push(await measured(gateway, 'files of 200 MB', options.files, (at) => fileOf(keys[at % TENANTS] as Key)));
    }
    options.doing('recordings of 20 MB arrive at a gateway');
    parts.push(
      await measured(gateway, 'recordings of 20 MB', options.recordings, (at) => recordingOf(keys[at % TENANTS] as Key)),
    );
    const owed = (options.recordings + 1) * SECONDS * SECOND_NANO_USD;
    const spent = await spentBy(gateway, keys, owed);
    options.doing('a gateway is killed while recordings arrive');
    const killed = await killedWhileArriving(gateway, keys);
    gateway = await startGateway({ env, dataDir: gateway.dataDir, adminToken: gateway.adminToken });
    const after = await spentBy(gateway, keys, owed);
    const wrong = [
      ...(spent === owed ? [] : [`${spent} nano-dollars were spent, and ${owed} owed`]),
      ...(after === spent ? [] : [`${after} nano-dollars were spent after a kill, and ${spent} before`]),
      ...(vendor.wrong() === 0 ? [] : [`${vendor.wrong()} recordings reached the provider changed`]),
      ...killed.wrong,
    ];
    const figure = `${parts.map(({ said }) => said).join('; ')}; ${spent / 1e9} USD spent as owed; a kill with ${killed.arriving} arriving left no file`;
    return {
      holds: wrong.length === 0 && parts.every(({ holds }) => holds),
      figure,
      details: [...wrong, ...parts.flatMap(({ details = [] }) => details)],
    };
  } finally {
    await gateway.stop();
    await postgres?.stop();
    vendor.close();
  }
}

async function makeKeys(gateway: Gateway, origin: string): Promise<readonly Key[]> {
  const credentialId = await makeCredential(gateway, 'openai', `${origin}/v1`);
  const prices = { input_per_million: '0', per_unit: { second_input: '0.0001' } };
  await makeModel(
    gateway,
    { model: 'hear', provider: 'openai', upstreamModel: 'whisper', mode: 'transcription', credentialId },
    { prices },
  );
  const keys: Key[] = [];
  for (let made = 0; made < TENANTS; made += 1) {
    const tenant = await makeTenant(gateway);
    keys.push(await makeKey(gateway, tenant, { budgets: [{ amount: '1000000.00', period: 'month', action: 'block' }] }));
  }
  return keys;
}

/** Sends so many forms at once, and watches the memory of the gateway and the folder of its spool. */
async function measured(
  gateway: Gateway,
  what: string,
  count: number,
  formOf: (at: number) => Form,
): Promise<ProveResult & { readonly said: string }> {
  await sleep(2_000);
  const before = rssMb(gateway.pid);
  let most = before;
  const seenMs = new Map<string, number>();
  let keptMs = 0;
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      most = Math.max(most, rssMb(gateway.pid));
      const nowMs = performance.now();
      for (const name of namesIn(gateway.dataDir)) {
        if (!seenMs.has(name)) seenMs.set(name, nowMs);
        keptMs = Math.max(keptMs, nowMs - (seenMs.get(name) ?? nowMs));
      }
      await sleep(20);
    }
  })();
  const startedMs = performance.now();
  const statuses = await Promise.all(Array.from({ length: count }, (_, at) => upload(gateway, formOf(at))));
  const seconds = Math.round((performance.now() - startedMs) / 1_000);
  isOver = true;
  await watching;
  const passed = statuses.filter((status) => status === 200).length;
  const isEmpty = await until(() => openIn(gateway) === 0);
  const said = `${count} ${what} at once: ${passed} × 200 in ${seconds} s, memory ${before} MB before, ${most} MB at most`;
  const wrong = [
    ...(passed === count ? [] : [`${what} were answered ${statuses}`]),
    ...(most - before <= RISE_MB_MAX ? [] : [`the memory rose by ${most - before} MB`]),
    ...(isEmpty ? [] : [`${openIn(gateway)} files were open at the end`]),
    ...(keptMs <= NAMED_MS_MAX ? [] : [`a file kept its name for ${Math.round(keptMs)} ms`]),
  ];
  return { holds: wrong.length === 0, figure: said, said: [said, ...wrong].join(', but '), details: wrong };
}

/** Kills the gateway while recordings arrive. Returns how many were arriving, and what is wrong with what is left. */
async function killedWhileArriving(gateway: Gateway, keys: readonly Key[]) {
  const half = keys.map((key) => ({ ...recordingOf(key), stopsAt: RECORDING_BYTES / 2 }));
  const sending = half.map((form) => upload(gateway, form));
  // A file has a name for a moment after it was opened. What is killed in that moment is deleted at the next start.
  await until(() => openIn(gateway) === half.length && namesIn(gateway.dataDir).length === 0);
  const arriving = openIn(gateway);
  await gateway.kill();
  await Promise.all(sending);
  const left = namesIn(gateway.dataDir).length;
  const wrong = [
    ...(arriving === half.length ? [] : [`${arriving} of ${half.length} were arriving`]),
    ...(left === 0 ? [] : [`${left} files were left in the spool`]),
  ];
  return { arriving, wrong };
}

/** Returns what the keys have spent, in nano-dollars, once it is `owed` or after a while. */
async function spentBy(gateway: Gateway, keys: readonly Key[], owed: number): Promise<number> {
  let spent = Number.NaN;
  for (const endsMs = performance.now() + WAIT_MS_MAX; spent !== owed && performance.now() < endsMs; await sleep(50)) {
    spent = 0;
    for (const { id } of keys) {
      const { budgets } = await gateway.admin<{ budgets: { spent: string }[] }>('GET', `/keys/${id}/limits/status`);
      spent += Math.round(Number(budgets[0]?.spent) * 1e9);
    }
  }
  return spent;
}

interface Form {
  readonly secret: string;
  readonly path: string;
  readonly head: string;
  readonly bytes: number;
  /** Returns the content from `at` on. */
  readonly pieceAt: (at: number) => Buffer;
  /** Sends no more than so many bytes of it, and waits. */
  readonly stopsAt?: number;
}

const part = (more: string) => `--b\r\ncontent-disposition: form-data; ${more}\r\n\r\n`;

function recordingOf({ secret }: Key): Form {
  return {
    ...{ secret, path: '/v1/audio/transcriptions', bytes: RECORDING_BYTES, pieceAt: () => PIECE },
    head: `${part('name="model"')}hear\r\n${part('name="file"; filename="a.wav"')}`,
  };
}

function hashOfRecording(): string {
  const hash = createHash('sha1');
  for (let at = 0; at < RECORDING_BYTES; at += PIECE.length) hash.update(PIECE.subarray(0, RECORDING_BYTES - at));
  return hash.digest('hex');
}

/** The length of a line of a batch, and the number of lines in a file of 200 MB. */
const LINE_BYTES = 5_000;

function fileOf({ secret }: Key): Form {
  return {
    ...{ secret, path: '/v1/files', bytes: FILE_BYTES, pieceAt: (at) => lineOf(at / LINE_BYTES) },
    head: `${part('name="purpose"')}batch\r\n${part('name="file"; filename="a.jsonl"')}`,
  };
}

function lineOf(number: number): Buffer {
  const head = `{"custom_id":"r${number}","method":"POST","url":"/v1/chat/completions","body":{"model":"fast","messages":[{"role":"user","content":"`;
  const end = '"}]}}\n';
  return Buffer.from(head.padEnd(LINE_BYTES - end.length, 'x') + end);
}

/** Uploads a form, and returns the status; null: the connection broke before an answer. */
function upload(gateway: Gateway, { secret, path: at, head, bytes, pieceAt, stopsAt = bytes }: Form): Promise<number | null> {
  const end = '\r\n--b--\r\n';
  const length = head.length + bytes + end.length;
  return new Promise((resolve) => {
    const call = httpRequest(`${gateway.base}${at}`, {
      method: 'POST',
      agent: false,
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'multipart/form-data; boundary=b', 'content-length': length },
    });
    call.on('response', (answer) => {
      answer.resume();
      answer.on('end', () => {
        resolve(answer.statusCode ?? null);
        call.destroy();
      });
    });
    call.on('error', () => resolve(null));
    call.write(head);
    let sent = 0;
    const more = () => {
      while (sent < stopsAt && !call.destroyed) {
        const piece = pieceAt(sent).subarray(0, bytes - sent);
        sent += piece.length;
        if (!call.write(piece)) {
          call.once('drain', more);
          return;
        }
      }
      if (sent === bytes) call.end(end);
    };
    more();
  });
}

async function statusOf(gateway: Gateway, at: string): Promise<number> {
  return (await fetch(`${gateway.base}${at}`, { method: 'POST', headers: { authorization: 'Bearer sk-none' } })).status;
}

/** A provider that reads recordings and compares them with what was sent. */
async function startVendor(hash: string) {
  let wrong = 0;
  const server = createServer((request, response) => {
    hear(request, response, (is) => {
      if (is !== hash) wrong += 1;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, wrong: () => wrong, close: () => server.close() };
}

function hear(request: IncomingMessage, response: ServerResponse, heard: (hash: string) => void): void {
  const hash = createHash('sha1');
  const reader = new FormReader(request.headers['content-type'] ?? '', {
    field: () => {},
    fileBegins: () => {},
    fileBytes: (bytes) => void hash.update(bytes),
    fileEnds: () => {},
  });
  request.on('data', (chunk: Buffer) => reader.push(chunk));
  request.on('error', () => {});
  request.on('end', () => {
    reader.end();
    heard(hash.digest('hex'));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ text: 'Nothing.', usage: { type: 'duration', seconds: SECONDS } }));
  });
}

/** Returns the number of files with a name in the folder of the spool. One has a name for a moment, until it is unlinked. */
function namesIn(dataDir: string): readonly string[] {
  return readdirSync(path.join(dataDir, 'spool'));
}

/** Returns the number of files of the spool that the gateway has open. */
function openIn({ pid, dataDir }: Gateway): number {
  const spool = path.join(dataDir, 'spool');
  return readdirSync(`/proc/${pid}/fd`).filter((fd) => linkOf(`/proc/${pid}/fd/${fd}`).startsWith(spool)).length;
}

function linkOf(at: string): string {
  try {
    return readlinkSync(at);
  } catch {
    return '';
  }
}

async function until(isSo: () => boolean): Promise<boolean> {
  for (const endsMs = performance.now() + WAIT_MS_MAX; !isSo() && performance.now() < endsMs; ) await sleep(10);
  return isSo();
}

function rssMb(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kilobytes) / 1_000);
}
