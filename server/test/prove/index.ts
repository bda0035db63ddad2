/**
 * `npm run prove` lists what can be shown. `npm run prove limits.table` shows one, `npm run prove limits` an area, `npm run prove all` everything;
 * `-- --quick` with smaller counts (alone: everything). One line each, `limits.table holds|missed <figure>`, and a failure exit on a miss.
 */
import { useBundle } from '../support/bundled-program.ts';
import { isNoRowWanted, type Prove, type ProveOptions, type ProveResult } from './prove.ts';
import { listing, type ProveRow, REGISTRY, rowsOf, SMALL_FORMS } from './registry.ts';

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
  ...['outages.kill', 'money.fuzz', 'replicas.upgrade', 'install.upgrade', 'replicas.limits', 'audit.content'],
  ...['replicas.revocation', 'watched.requests', 'walls.audit', 'replicas.roles', 'watched.series', 'code.tour'],
];
/** Quick ones mostly wait, so several share the machine; full ones have it to themselves. */
const lanes = quick ? 3 : 1;
/** What is quick and has not ended by then hangs. It is missed, and the others go on. */
const QUICK_SECONDS_MAX = 420;

/** Everything, quick: what a test shows in small is left to the test. Named, it is run all the same. */
const small = REGISTRY.filter(({ name }) => SMALL_FORMS[name] === undefined);
const rows = words.length === 0 ? small : REGISTRY.filter((row) => words.some((word) => rowsOf(word).includes(row)));
// A quick run judges no start; a full one is of the program as it ships.
if (quick) await useBundle();
let missed = 0;
/** What was missed beside others: three proves on two cores are a slow machine. Each has a second try, alone. */
const again: ProveRow[] = [];
const together = rows.filter((row) => !isAlone(row));
const long = together.filter(({ name }) => LONGEST.includes(name)).sort((a, b) => rankOf(a) - rankOf(b));
const inOrder = quick ? [...long, ...together.filter((row) => !long.includes(row))] : together;
await inLanes(inOrder, lanes);
await inLanes(rows.filter(isAlone), 1);
await inLanes(again, 1);
process.exit(missed > 0 ? 1 : 0);

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
  let step = 'it has not said where';
  const found = resultOf(row, {
    quick,
    doing: (what) => {
      step = what;
    },
  });
  const result = await (quick ? Promise.race([found, hung(() => step)]) : found);
  const isMissed = result.skipped === undefined ? !result.holds : !quick; // What a machine lacks may be skipped in a quick run alone.
  const hasAnother = isMissed && isBesideOthers(row) && !again.includes(row);
  if (hasAnother) again.push(row);
  else if (isMissed) missed += 1;
  const details = result.holds ? [] : (result.details ?? []);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
  const below = [...(result.log ?? []), ...details].map((line) => `    ${line}`);
  console.log([`${lineOf(row.name, result, hasAnother)} (${seconds} s)`, ...below].join('\n'));
}

async function resultOf({ module }: ProveRow, options: ProveOptions): Promise<ProveResult> {
  try {
    const prove = (await import(new URL(`./${module}.ts`, import.meta.url).href)) as Prove;
    const result = await prove.run(options);
    return isNoRowWanted() ? { holds: false, figure: 'no row of it matches HEADGATE_PROVE_ROWS' } : result;
  } catch (error) {
    const [first, ...rest] = (error instanceof Error ? (error.stack ?? error.message) : String(error)).split('\n');
    return { holds: false, figure: `${module}: ${first}`, details: rest };
  }
}

function hung(step: () => string): Promise<ProveResult> {
  const { promise, resolve } = Promise.withResolvers<ProveResult>();
  const missed = () => resolve({ holds: false, figure: `it did not end within ${QUICK_SECONDS_MAX} s: ${step()}` });
  setTimeout(missed, QUICK_SECONDS_MAX * 1000).unref();
  return promise;
}

function lineOf(name: string, result: ProveResult, hasAnother: boolean): string {
  if (result.skipped !== undefined) return `${name} skipped: ${result.skipped}`;
  if (hasAnother) return `unsteady: ${name} beside others, and is tried again alone: ${result.figure}`;
  return `${name} ${result.holds ? 'holds' : 'missed'} ${result.figure}`;
}
