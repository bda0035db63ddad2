/** One reader fuzzed in a process of its own: `process.ts <name> <seconds> <seed>`. Prints what it found as one line of JSON. */
import { READERS } from './all.ts';

const PROBLEMS_MAX = 5;

const [name, seconds, seed] = process.argv.slice(2);
const reader = READERS.find((one) => one.name === name);
if (reader === undefined) throw new Error(`there is no reader ${name}`);
const endMs = performance.now() + Number(seconds) * 1_000;
const problems: string[] = [];
let cases = 0;
for (let from = Number(seed); performance.now() < endMs && problems.length < PROBLEMS_MAX; from += 10_000) {
  const round = await reader.round(from);
  cases += round.cases;
  problems.push(...round.problems);
}
process.stdout.write(`${JSON.stringify({ cases, problems: problems.slice(0, PROBLEMS_MAX) })}\n`, () => process.exit());
