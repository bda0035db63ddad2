/** The job that folds the past of an installation that was there before, beside requests. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { OpenDatabase } from '../../src/store/database.ts';
import { nextToFill } from '../../src/store/folds/fold-proof.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { type ProveResult, unmet } from './prove.ts';
import type { Key } from './tenant.ts';

const A_SECOND = 500;
const ALONE_MS = 30_000;
const FILL_MS_MAX = 60 * 60_000;
const RATIO_MAX = 1.2;

interface Home {
  readonly dataDir: string;
  readonly adminToken: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Measures others' p99 alone and while the past is being folded, and how long that takes. */
export async function fillBeside(home: Home, database: OpenDatabase, keys: readonly Key[]): Promise<ProveResult> {
  const gateway = await startGateway(home);
  try {
    const load = startCalls(gateway, keys.slice(0, 20));
    await sleep(10_000);
    load.take();
    await sleep(ALONE_MS);
    const alone = load.take();
    const startedMs = performance.now();
    await gateway.admin('POST', '/jobs/fold/run');
    await untilBegun(database, startedMs);
    const beside: number[] = [];
    while ((await nextToFill(database.db)) !== null && performance.now() - startedMs < FILL_MS_MAX) {
      await gateway.ask('POST', '/jobs/fold-past/run');
      await sleep(2_000);
      beside.push(...load.take().tookMs);
    }
    const minutes = (performance.now() - startedMs) / 60_000;
    await load.stop();
    const isDone = (await nextToFill(database.db)) === null;
    const [p99, besideP99] = [percentile(alone.tookMs, 0.99), percentile(beside, 0.99)];
    const { rows } = await database.pool.query('select count(*)::float8 as days from scope_days');
    const details = unmet({
      'the past is folded': isDone,
      [`p99 beside it is at most ${RATIO_MAX} × p99 alone`]: besideP99 <= RATIO_MAX * p99,
    });
    return {
      holds: details.length === 0,
      details,
      figure:
        `the past folded in ${minutes.toFixed(1)} min beside ${A_SECOND} requests/s (${rows[0].days} rows of days): p99 ${besideP99.toFixed(1)} ms, ` +
        `${(besideP99 / p99).toFixed(2)} × ${p99.toFixed(1)} ms alone ≤ ${RATIO_MAX}`,
    };
  } finally {
    await gateway.stop();
  }
}

async function untilBegun({ db }: OpenDatabase, sinceMs: number): Promise<void> {
  while ((await nextToFill(db)) === null) {
    if (performance.now() - sinceMs > 120_000) throw new Error('the fold did not begin within two minutes');
    await sleep(250);
  }
}

interface Calls {
  /** What calls took since the last time. */
  take(): { readonly tookMs: readonly number[] };
  stop(): Promise<void>;
}

/** So many a second whether or not earlier ones are answered. */
function startCalls({ base }: Gateway, keys: readonly Key[]): Calls {
  const dispatcher = new Agent({ connections: 64, pipelining: 1 });
  const body = JSON.stringify({ model: 'first', max_tokens: 5, messages: [{ role: 'user', content: 'Hi.' }] });
  let [made, tookMs] = [0, [] as number[]];
  const call = async () => {
    made += 1;
    const { secret } = keys[made % keys.length] as Key;
    const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
    const startedMs = performance.now();
    const answer = await request(`${base}/v1/chat/completions`, { method: 'POST', headers, body, dispatcher });
    await answer.body.dump();
    tookMs.push(performance.now() - startedMs);
  };
  const timer = setInterval(() => {
    for (let n = 0; n < A_SECOND / 100; n += 1) void call().catch(() => {});
  }, 10);
  return {
    take: () => {
      const taken = { tookMs };
      tookMs = [];
      return taken;
    },
    stop: async () => {
      clearInterval(timer);
      await sleep(500);
      await dispatcher.close();
    },
  };
}

function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
}
