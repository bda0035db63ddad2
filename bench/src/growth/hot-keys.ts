/** Calls many seeded keys: each once before the measurement, then in turn. Checks that every call is in the ledger. */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Check } from '../checks.ts';
import { jsonRequestBody, usage } from '../exchange.ts';
import type { Headgate } from '../headgate.ts';
import { cpuMs } from '../machine.ts';
import { median } from '../measure.ts';
import type { Target } from '../target.ts';
import type { Destination } from '../wire.ts';
import { booksOfSeeded, type GrownDatabase, rowsSince } from './grown-database.ts';

const CALLERS = 16;
const SETTLED_MS_MAX = 180_000;

export interface HotKeys {
  readonly grown: Headgate;
  readonly database: GrownDatabase;
  readonly client: pg.Client;
}

/** Measures the first call of each key, a cold start, next to its second. Throws unless the ledger has exactly these calls. */
export async function touchAll({ grown, database, client }: HotKeys): Promise<string> {
  const since = new Date();
  const { hotSecrets } = database;
  const first = await callEach(grown, hotSecrets);
  const second = await callEach(grown, hotSecrets);
  const calls = 2 * hotSecrets.length;
  await settled(client, since, calls);
  const books = await booksOfSeeded(client, since);
  const exact = {
    rows: calls,
    keys: hotSecrets.length,
    rowsMin: 2,
    rowsMax: 2,
    inputTokens: calls * usage.input,
    outputTokens: calls * usage.output,
    requests: calls,
  };
  const isExact = Object.entries(exact).every(([name, value]) => books[name as keyof typeof exact] === value);
  if (!isExact) throw new Error(`two calls of each of ${hotSecrets.length} keys, and on the books are ${JSON.stringify(books)}`);
  const cpu = `${first.cpuUs.toFixed(0)} µs of CPU = ${(first.cpuUs / second.cpuUs).toFixed(1)} × its second`;
  return `a cold key's first call, ${CALLERS} at once: ${cpu}, p50 ${first.p50Ms.toFixed(1)} ms against ${second.p50Ms.toFixed(1)} ms`;
}

/** Returns a target that uses all keys in turn. Its calls count from now on. */
export function hotTarget({ grown, database, client }: HotKeys): {
  readonly target: Target;
  readonly booked: () => Promise<Check>;
} {
  const since = new Date();
  const { hotSecrets } = database;
  const to = { ...hotDestination(grown, hotSecrets[0] ?? ''), secrets: hotSecrets };
  const before = booksOfSeeded(client, since);
  const books = {
    seen: { answered: 0, brokenOff: 0 },
    settled: async (requests: number) => {
      const rows = await settled(client, since, requests);
      return { requests: rows, inputTokens: rows * usage.input, outputTokens: rows * usage.output };
    },
  };
  const target = { name: 'hot keys', pid: grown.gateway.pid, json: to, stream: to, books };
  return { target, booked };

  async function booked(): Promise<Check> {
    const { answered, brokenOff } = books.seen;
    const { rows, keys, rowsMin, rowsMax, requests } = await booksOfSeeded(client, since);
    const used = requests - (await before).requests;
    const holds = answered <= rows && rows <= used && used <= answered + brokenOff && keys === hotSecrets.length;
    const says = `${answered} answers read, at most ${brokenOff} broken off, ${rows} ledger rows, ${used} requests in the usage`;
    return { holds, says: `hot keys: ${says}; ${keys} keys with ${rowsMin} to ${rowsMax} rows` };
  }
}

/** Returns the governed key's address, with another key. */
export function hotDestination({ governed }: Headgate, secret: string): Destination {
  return { ...governed.to, headers: { authorization: `Bearer ${secret}` } };
}

/** Makes one call with each key. */
async function callEach(grown: Headgate, secrets: readonly string[]): Promise<{ cpuUs: number; p50Ms: number }> {
  const { pid } = grown.gateway;
  const beforeMs = cpuMs(pid);
  const tookMs: number[] = [];
  const left = secrets.values();
  const caller = async () => {
    for (const secret of left) tookMs.push(await call(hotDestination(grown, secret)));
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return { cpuUs: ((cpuMs(pid) - beforeMs) * 1_000) / secrets.length, p50Ms: median(tookMs) };
}

async function call({ port, path, headers }: Destination): Promise<number> {
  const startedMs = performance.now();
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: jsonRequestBody,
  });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`a hot key was answered ${answer.status}: ${text.slice(0, 400)}`);
  return performance.now() - startedMs;
}

/** Waits until so many calls since an instant are in the ledger, at most three minutes. Returns how many are. */
async function settled(client: pg.Client, since: Date, calls: number): Promise<number> {
  const deadlineMs = performance.now() + SETTLED_MS_MAX;
  for (;;) {
    const rows = await rowsSince(client, since);
    if (rows >= calls || performance.now() > deadlineMs) return rows;
    await sleep(500);
  }
}
