// `npm run prove`, `npm run prove 1.5`, `npm run prove 1 -- --quick`: one line each, `1.5 holds|missed <figure>`, and a failure exit on a miss.
import { existsSync } from 'node:fs';
import { allOf, type Prove, type ProveOptions, type ProveResult } from './prove.ts';

/** What must be shown, and the modules of this folder that show it. */
const registry: Record<string, readonly string[]> = {
  '1.1': ['first-start'],
  '1.2': ['clients'],
  '1.3': ['recordings'],
  '1.4': ['recorded-costs'],
  '1.5': ['rate-limit-probe', 'limit-table'],
  '1.6': ['budgets', 'served-ledger'],
  '1.7': ['kill-nine'],
  '1.8': ['database-away'],
  '1.9': ['security-probe', 'bad-input', 'faults'],
  '1.10': ['benchmark'],
  '1.11': ['access-matrix', 'access-changes', 'team-counts'],
  '1.12': ['audit-content'],
  '1.13': ['simulation'],
  '1.14': ['house', 'tour'],
  '2.1': ['authorization'],
  '2.2': ['console-workflow'],
  '2.3': ['console-accessibility'],
  '2.4': ['console-screens'],
  '2.5': ['lists', 'console-speed'],
  '2.6': ['promised-pages'],
  '2.7': ['no-regression'],
  '2.8': ['console-sign-in', 'command-line'],
  '2.9': ['upgrade'],
  '3.1': ['counters-contract', 'shared-limits'],
  '3.2': ['shared-budgets'],
  '3.3': ['chaos', 'postgres-failover'],
  '3.4': ['rolling-upgrade'],
  '3.5': ['revocation'],
  '3.6': ['kill-replicas'],
  '3.7': ['lane-fuzz', 'lane-benchmark'],
  '3.8': ['move-and-restore'],
  '3.9': ['documents'],
  '3.10': ['threshold-alerts'],
  '3.11': ['watched-requests', 'metric-series', 'alert-rules', 'published-package'],
  '3.12': ['roles'],
  'money.frozen': ['money-frozen'],
  'money.fuzz': ['money-fuzz'],
};

const args = process.argv.slice(2);
const options: ProveOptions = { quick: args.includes('--quick') };
const wanted = args.filter((arg) => !arg.startsWith('--'));
const unknown = wanted.filter((name) => idsOf(name).length === 0);
if (unknown.length > 0) {
  console.error(
    `Nothing is called ${unknown.join(', ')}. There is: ${Object.keys(registry).join(', ')}; \`1\` means all of them.`,
  );
  process.exit(2);
}

/** These measure time itself: nothing runs beside them. The benchmark judges no time when it is quick. */
const ALONE = new Set(options.quick ? ['2.5'] : ['1.10', '2.5', '3.7']);
/** The longest begin first, so that no lane waits for the last one. */
const LONGEST = ['1.9', '2.1', '1.5', '1.8', '1.10'];
/** Quick ones mostly wait, so several share the machine; full ones have it to themselves. */
const lanes = options.quick ? 3 : 1;

const ids = wanted.length === 0 ? Object.keys(registry) : wanted.flatMap(idsOf);
let missed = 0;
const together = ids.filter((id) => !ALONE.has(id));
const long = together.filter((id) => LONGEST.includes(id)).sort((a, b) => LONGEST.indexOf(a) - LONGEST.indexOf(b));
const inOrder = options.quick ? [...long, ...together.filter((id) => !long.includes(id))] : together;
await inLanes(inOrder, lanes);
await inLanes(
  ids.filter((id) => ALONE.has(id)),
  1,
);
process.exit(missed > 0 ? 1 : 0);

async function inLanes(list: readonly string[], count: number): Promise<void> {
  const left = [...list];
  const lane = async () => {
    for (let id = left.shift(); id !== undefined; id = left.shift()) await show(id);
  };
  await Promise.all(Array.from({ length: count }, lane));
}

async function show(id: string): Promise<void> {
  const startedMs = performance.now();
  const result = await resultOf(id);
  if (result.skipped === undefined ? !result.holds : !options.quick) missed += 1;
  const details = result.holds ? [] : (result.details ?? []);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
  console.log(
    [`${lineOf(id, result)} (${seconds} s)`, ...[...(result.log ?? []), ...details].map((line) => `    ${line}`)].join('\n'),
  );
}

function idsOf(name: string): string[] {
  return Object.keys(registry).filter((id) => id === name || id.startsWith(`${name}.`));
}

async function resultOf(id: string): Promise<ProveResult> {
  const results: ProveResult[] = [];
  for (const name of registry[id] ?? []) results.push(await runModule(name));
  const ran = results.filter((result) => result.skipped === undefined);
  const skipped = results.flatMap((result) => result.skipped ?? []);
  if (ran.length === 0) return { holds: false, figure: '', skipped: skipped.join('; ') };
  const whole = allOf(ran);
  if (skipped.length === 0) return whole;
  return { ...whole, holds: whole.holds && options.quick, figure: `${whole.figure}; skipped: ${skipped.join('; ')}` };
}

async function runModule(name: string): Promise<ProveResult> {
  const file = new URL(`./${name}.ts`, import.meta.url);
  if (!existsSync(file)) return { holds: false, figure: `${name}: there is no server/test/prove/${name}.ts` };
  try {
    const prove = (await import(file.href)) as Prove;
    return await prove.run(options);
  } catch (error) {
    const [first, ...rest] = (error instanceof Error ? (error.stack ?? error.message) : String(error)).split('\n');
    return { holds: false, figure: `${name}: ${first}`, details: rest };
  }
}

function lineOf(id: string, result: ProveResult): string {
  if (result.skipped !== undefined) return `${id} skipped: ${result.skipped}`;
  return `${id} ${result.holds ? 'holds' : 'missed'} ${result.figure}`;
}
