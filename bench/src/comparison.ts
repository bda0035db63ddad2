/** The comparison of a request's cost in this tree and in an earlier one, over JSON, SSE, and with counters in Redis. */
import { randomBytes } from 'node:crypto';
import { startPostgres } from '../../server/test/support/postgres.ts';
import { startRedis } from '../../server/test/support/redis.ts';
import { type Costs, compare, type Rounds } from './compare.ts';
import { startHeadgate } from './headgate.ts';
import { type StreamLoad, startStreamLoad } from './load.ts';
import { jsonCostAt, streamCost } from './measure.ts';
import { BARS, type Estimate, geometricMean, type Verdict, verdictOf, verdictSince, WIDTH_MAX } from './ratios.ts';
import { bookedTarget, type Target } from './target.ts';
import { folderOf } from './trees.ts';

export const PATHS = ['json', 'stream', 'redis'] as const;
export type Path = (typeof PATHS)[number];

export interface ComparisonOptions extends Rounds {
  /** The earlier tree: a folder or a commit. */
  readonly against: string;
  /** The tree before all of the work: a folder or a commit; or empty. */
  readonly since: string;
  readonly paths: readonly Path[];
  readonly seconds: number;
}

/** The gateways of one tree: with counters in memory, and with counters in its own Redis. */
interface Tree {
  /** Its own, because two trees are measured at once and one process reports one run at a time. */
  readonly streams: StreamLoad;
  readonly memory: Target | null;
  readonly shared: Target | null;
}

const NAMES: Readonly<Record<Path, string>> = { json: 'JSON request', stream: 'SSE chunk', redis: 'JSON request, Redis' };

/**
 * Calls per second of all trees together. Each tree gets the same rate, and the core is not saturated. Otherwise a gateway that
 * got more of the core would take more calls at each wake-up, and be cheaper for that reason alone. The rate with Redis stays
 * below what Redis, PostgreSQL, upstream and load can do on the other core.
 */
const PER_SECOND = { json: 4_000, redis: 2_400 } as const;

/** Prints one line for each path, and another one for `since`. Returns the verdict of each line. */
export async function runComparison(
  upstreams: { json: number },
  { against, since, paths, seconds, ...rounds }: ComparisonOptions,
): Promise<Verdict[]> {
  const folders = [undefined, await folderOf(against), ...(since === '' ? [] : [await folderOf(since)])];
  const found = await compare(
    paths,
    rounds,
    (left) => measure(upstreams, folders, left, seconds),
    (path, round, ratios) =>
      console.error(`${NAMES[path]}, round ${round}: ${ratios.map((ratio) => ratio.toFixed(3)).join(', ')}`),
  );
  const verdicts: Verdict[] = [];
  for (const [path, { us, others }] of found) {
    for (const [at, other] of others.entries()) {
      const verdict = at === 0 ? verdictOf(other.ratio) : verdictSince(other.ratio);
      verdicts.push(verdict);
      console.log(
        `${NAMES[path]}: ${us.toFixed(1)} µs ÷ ${other.us.toFixed(1)} µs at ${at === 0 ? against : since} = ${inWords(other.ratio)} | ${barOf(at)} | ${verdict}`,
      );
    }
  }
  return verdicts;
}

/** Measures one round: as many turns as trees, each of which starts another tree first. A cost is the mean over turns. */
async function measure(
  upstreams: { json: number },
  folders: readonly (string | undefined)[],
  paths: readonly Path[],
  seconds: number,
): Promise<Costs<Path>> {
  const turns: Costs<Path>[] = [];
  for (const first of folders.keys()) turns.push(await measureTurn(upstreams, folders, paths, seconds, first));
  const costIn = (turn: Costs<Path>, path: Path, tree: number) => (turn.get(path) as readonly number[])[tree] as number;
  return new Map(
    paths.map((path) => [path, [...folders.keys()].map((tree) => geometricMean(turns.map((turn) => costIn(turn, path, tree))))]),
  );
}

/** Measures one turn: new processes for each tree, and each path under load on all of them at once. */
async function measureTurn(
  upstreams: { json: number },
  folders: readonly (string | undefined)[],
  paths: readonly Path[],
  seconds: number,
  first: number,
): Promise<Costs<Path>> {
  const opened: { stop(): Promise<unknown> }[] = [];
  try {
    const trees = new Map<number, Tree>();
    for (const place of folders.keys()) {
      const at = (place + first) % folders.length;
      trees.set(at, await openTree(upstreams, opened, paths, folders[at]));
    }
    const inOrder = [...folders.keys()].map((at) => trees.get(at) as Tree);
    const costs = new Map<Path, readonly number[]>();
    for (const path of paths) {
      const cost = (forSeconds: number) => Promise.all(inOrder.map((tree) => costOf(path, tree, forSeconds, inOrder.length)));
      // Exclude the first seconds, in which the compiler is still optimizing.
      await cost(Math.min(seconds, 3));
      costs.set(path, await cost(seconds));
    }
    return costs;
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

async function costOf(path: Path, { memory, shared, streams }: Tree, seconds: number, trees: number): Promise<number> {
  if (path === 'stream') return (await streamCost(memory as Target, streams, seconds)).us;
  const target = (path === 'json' ? memory : shared) as Target;
  return (await jsonCostAt(target, PER_SECOND[path] / trees, seconds)).us;
}

async function openTree(
  upstreams: { json: number },
  opened: { stop(): Promise<unknown> }[],
  paths: readonly Path[],
  cwd?: string,
): Promise<Tree> {
  const streams = await startStreamLoad();
  opened.push({ stop: async () => streams.stop() });
  const start = async (env: Readonly<Record<string, string>>) => {
    const postgres = await startPostgres();
    if (postgres === null) throw new Error('missing: PostgreSQL. On Debian: apt-get install postgresql');
    opened.push(postgres);
    const options = { env, ...(cwd === undefined ? {} : { cwd }) };
    const headgate = await startHeadgate({ ...upstreams, stream: streams.port }, postgres.url, options);
    opened.push(headgate.gateway);
    return bookedTarget(cwd ?? 'this tree', headgate, headgate.governed);
  };
  const startShared = async () => {
    const redis = await startRedis('Redis');
    opened.push(redis);
    return start({ HEADGATE_MASTER_KEY: randomBytes(32).toString('base64'), REDIS_URL: redis.url });
  };
  return {
    streams,
    memory: paths.some((path) => path !== 'redis') ? await start({}) : null,
    shared: paths.includes('redis') ? await startShared() : null,
  };
}
