/** The comparison: what a request costs in this tree and in the one before it, over JSON, SSE, and with counters in Redis. */
import { randomBytes } from 'node:crypto';
import { startPostgres } from '../../server/test/support/postgres.ts';
import { startRedis } from '../../server/test/support/redis.ts';
import { compare, type Rounds } from './compare.ts';
import { startHeadgate } from './headgate.ts';
import type { StreamLoad } from './load.ts';
import { jsonCost, jsonCostAt, streamCost } from './measure.ts';
import { BARS, type Estimate, type Verdict, verdictOf, verdictSince, WIDTH_MAX } from './ratios.ts';
import { bookedTarget, type Target } from './target.ts';
import { folderOf } from './trees.ts';

export const PATHS = ['json', 'stream', 'redis'] as const;
export type Path = (typeof PATHS)[number];

export interface ComparisonOptions extends Rounds {
  /** A folder or a commit: the tree before. */
  readonly against: string;
  /** A commit or a folder, or empty: the tree before all of the work. */
  readonly since: string;
  readonly paths: readonly Path[];
  readonly seconds: number;
}

/** One tree's gateways: with counters in memory, and in a Redis of its own. */
interface Tree {
  readonly memory: Target | null;
  readonly shared: Target | null;
}

const NAMES: Readonly<Record<Path, string>> = { json: 'JSON request', stream: 'SSE chunk', redis: 'JSON request, Redis' };

/** Below what Redis, PostgreSQL, upstream and load together can do on one core, so that every tree is asked at the same rate. */
const REDIS_PER_SECOND = 3_000;

/** Says one line for each path, and one more for each beside `since`. Returns the verdict on each line. */
export async function runComparison(
  upstreams: { json: number; stream: number },
  streams: StreamLoad,
  { against, since, paths, seconds, ...rounds }: ComparisonOptions,
): Promise<Verdict[]> {
  const opened: { stop(): Promise<unknown> }[] = [];
  try {
    const open = (cwd?: string) => openTree(upstreams, opened, paths, cwd);
    const here = await open();
    const others: [Tree, ...Tree[]] = [await open(folderOf(against))];
    if (since !== '') others.push(await open(folderOf(since)));
    const verdicts: Verdict[] = [];
    for (const path of paths) {
      const cost = (tree: Tree) => costOf(path, tree, streams, seconds);
      // What a compiler learns in the first seconds is not what is asked here.
      for (const tree of [here, ...others]) await costOf(path, tree, streams, Math.min(seconds, 3));
      const found = await compare(here, others, rounds, cost, (round, ratios) =>
        console.error(`${NAMES[path]}, round ${round}: ${ratios.map((ratio) => ratio.toFixed(3)).join(', ')}`),
      );
      found.others.forEach(({ us, ratio }, at) => {
        const verdict = at === 0 ? verdictOf(ratio) : verdictSince(ratio);
        const beside = at === 0 ? against : since;
        verdicts.push(verdict);
        console.log(
          `${NAMES[path]}: ${found.us.toFixed(1)} µs ÷ ${us.toFixed(1)} µs at ${beside} = ${inWords(ratio)} | ${barOf(at)} | ${verdict}`,
        );
      });
    }
    return verdicts;
  } finally {
    for (const one of opened.reverse()) await one.stop();
  }
}

function inWords({ median, low, high, rounds }: Estimate): string {
  const width = high - low < WIDTH_MAX ? '' : ', too wide to judge';
  return `${median.toFixed(3)} (95 %: ${low.toFixed(3)} to ${high.toFixed(3)}${width}; ${rounds} rounds)`;
}

function barOf(at: number): string {
  return at === 0 ? `≤ ${BARS.median} and below ${BARS.high}` : `≤ ${BARS.since.toFixed(2)}`;
}

async function costOf(path: Path, { memory, shared }: Tree, streams: StreamLoad, seconds: number): Promise<number> {
  if (path === 'json') return (await jsonCost(memory as Target, seconds)).us;
  if (path === 'stream') return (await streamCost(memory as Target, streams, seconds)).us;
  // The other trees had their turns meanwhile: each run is warmed up by its own.
  await jsonCostAt(shared as Target, REDIS_PER_SECOND, Math.ceil(seconds / 2));
  return (await jsonCostAt(shared as Target, REDIS_PER_SECOND, seconds)).us;
}

async function openTree(
  upstreams: { json: number; stream: number },
  opened: { stop(): Promise<unknown> }[],
  paths: readonly Path[],
  cwd?: string,
): Promise<Tree> {
  const start = async (env: Readonly<Record<string, string>>) => {
    const postgres = await startPostgres();
    if (postgres === null) throw new Error('missing: PostgreSQL. On Debian: apt-get install postgresql');
    opened.push(postgres);
    const headgate = await startHeadgate(upstreams, postgres.url, { env, ...(cwd === undefined ? {} : { cwd }) });
    opened.push(headgate.gateway);
    return bookedTarget(cwd ?? 'this tree', headgate, headgate.governed);
  };
  const startShared = async () => {
    const redis = await startRedis('Redis');
    opened.push(redis);
    return start({ HEADGATE_MASTER_KEY: randomBytes(32).toString('base64'), REDIS_URL: redis.url });
  };
  return {
    memory: paths.some((path) => path !== 'redis') ? await start({}) : null,
    shared: paths.includes('redis') ? await startShared() : null,
  };
}
