/**
 * `npm run prove` lists what can be shown. `npm run prove limits.table` shows one, `npm run prove limits` an area, `npm run prove all` everything;
 * `-- --quick` with smaller counts (alone: everything). One line each, `limits.table holds|missed <figure>`, one of counts at the end, and a
 * failure exit on a miss.
 */
import { Worker } from 'node:worker_threads';
import { useBundle } from '../support/bundled-program.ts';
import { isNoRowWanted, type Prove, type ProveOptions, type ProveResult } from './prove.ts';
import { listing, type ProveRow, REGISTRY, rowsOf } from './registry.ts';
import { countsOf, type Ended, endOf, linesOf, writeWhole } from './run-lines.ts';
import { SMALL_FORMS } from './small-forms.ts';
import type { Told } from './standstill.ts';

const args = process.argv.slice(2);
const quick = args.includes('--quick');
const words = args.filter((arg) => !arg.startsWith('--'));
if (words.length === 0 && !quick) {
  console.log(['npm run prove <name>, <area> or all [-- --quick]', '', ...listing()].join('\n'));
  process.exit(0);
}
const unknown = words.filter((word) => rowsOf(word).length === 0);
if (unknown.length > 0) {
  console.error(`Nothing is called ${unknown.join(', ')}. \`npm run prove\` lists the names.`);
  process.exit(2);
}

/** The longest begin first, so that no lane waits for the last one. */
const LONGEST = [
  ...['money.fuzz', 'access.matrix', 'replicas.upgrade', 'install.upgrade', 'replicas.limits', 'audit.content'],
  ...['replicas.revocation', 'watched.requests', 'walls.audit', 'replicas.roles', 'watched.series', 'code.tour'],
];
/** Quick ones mostly wait, so several share the machine; full ones have it to themselves. */
const lanes = quick ? 3 : 1;
/** What has not ended by then hangs. It is missed, and the others go on. */
const SECONDS_MAX = quick ? 420 : 7_200;
/** How often the thread beside the run is told that it goes on. */
const TOLD_MS = 1_000;

/** Everything, quick: what a test shows in small is left to the test. Named, it is run all the same. */
const small = REGISTRY.filter(({ name }) => SMALL_FORMS[name] === undefined);
const rows = words.length === 0 ? small : REGISTRY.filter((row) => words.some((word) => rowsOf(word).includes(row)));
const ends = new Map<ProveRow, Ended>();
/** What runs now, and what it says it does. */
const running = new Map<string, string>();
/** Errors that no prove caught: each is a miss of its own. */
let strays = 0;
let isOver = false;
watch();
// A quick run judges no start; a full one is of the program as it ships.
if (quick) await useBundle();
/** What was missed beside others: three proves on two cores are a slow machine. Each has a second try, alone. */
const again: ProveRow[] = [];
const together = rows.filter((row) => !isAlone(row));
const long = together.filter(({ name }) => LONGEST.includes(name)).sort((a, b) => rankOf(a) - rankOf(b));
const inOrder = quick ? [...long, ...together.filter((row) => !long.includes(row))] : together;
await inLanes(inOrder, lanes);
await inLanes(rows.filter(isAlone), 1);
await inLanes(again, 1);
isOver = true;
say(counts());
process.exit(strays === 0 && rows.every((row) => ends.get(row) === 'held' || ends.get(row) === 'skipped') ? 0 : 1);

/** However the run ends, it says so: an end without counts is one that nobody sees. */
function watch(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));
  for (const event of ['unhandledRejection', 'uncaughtException'] as const) process.on(event, stray);
  process.on('exit', (code) => {
    if (isOver) return;
    say(`proves.run missed it ended early, with ${code}, while this ran: ${runningNow()}\n${counts()}`);
    process.exitCode = code === 0 ? 1 : code;
  });
  const thread = new Worker(new URL('./standstill.ts', import.meta.url), { workerData: { secondsMax: SECONDS_MAX } });
  thread.unref();
  const tell = () => thread.postMessage({ running: runningNow(), counts: counts() } satisfies Told);
  setInterval(tell, TOLD_MS).unref();
}

function stray(error: unknown): void {
  strays += 1;
  const [first, ...rest] = stackOf(error);
  say([`proves.run missed an error that no prove caught, while this ran: ${runningNow()}: ${first}`, ...rest].join('\n'));
}

function runningNow(): string {
  return running.size === 0 ? 'nothing' : [...running].map(([name, step]) => `${name} (${step})`).join(', ');
}

function counts(): string {
  return countsOf([...ends.values()], rows.length);
}

function say(text: string): void {
  try {
    writeWhole(1, `${text}\n`);
  } catch (error) {
    // Nobody reads any more: what is proved would not be seen.
    isOver = true;
    process.exitCode = 1;
    writeWhole(2, `The output of the proves cannot be written: ${error}\n`);
    process.exit(1);
  }
}

function isBesideOthers(row: ProveRow): boolean {
  return lanes > 1 && together.length > 1 && together.includes(row);
}

function isAlone({ alone }: ProveRow): boolean {
  return alone === 'always' || (alone === 'full' && !quick);
}

function rankOf({ name }: ProveRow): number {
  return LONGEST.indexOf(name);
}

async function inLanes(list: readonly ProveRow[], count: number): Promise<void> {
  const left = [...list];
  const lane = async () => {
    for (let row = left.shift(); row !== undefined; row = left.shift()) await show(row);
  };
  await Promise.all(Array.from({ length: count }, lane));
}

async function show(row: ProveRow): Promise<void> {
  const startedMs = performance.now();
  const doing = (what: string) => void running.set(row.name, what);
  doing('it has not said where');
  const result = await bounded(row.name, resultOf(row, { quick, doing }));
  running.delete(row.name);
  const ended = endOf(result, { quick, mayTryAgain: isBesideOthers(row) && !again.includes(row) });
  if (ended === 'again') again.push(row);
  ends.set(row, ended);
  say(linesOf(row.name, result, ended, (performance.now() - startedMs) / 1_000));
}

async function resultOf({ module }: ProveRow, options: ProveOptions): Promise<ProveResult> {
  try {
    const prove = (await import(new URL(`./${module}.ts`, import.meta.url).href)) as Prove;
    const result = await prove.run(options);
    return isNoRowWanted() ? { holds: false, figure: 'no row of it matches HEADGATE_PROVE_ROWS' } : result;
  } catch (error) {
    const [first, ...rest] = stackOf(error);
    return { holds: false, figure: `${module}: ${first}`, details: rest };
  }
}

function stackOf(error: unknown): readonly string[] {
  return (error instanceof Error ? (error.stack ?? error.message) : String(error)).split('\n');
}

/** The timer also keeps the process alive: what waits for nothing that can come would otherwise end it without a word. */
async function bounded(name: string, found: Promise<ProveResult>): Promise<ProveResult> {
  const { promise, resolve } = Promise.withResolvers<ProveResult>();
  const missed = () =>
    resolve({ holds: false, figure: `it did not end within ${SECONDS_MAX} s: ${running.get(name) ?? 'it has not said where'}` });
  const timer = setTimeout(missed, SECONDS_MAX * 1_000);
  const result = await Promise.race([found, promise]);
  clearTimeout(timer);
  return result;
}
