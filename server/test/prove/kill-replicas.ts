// `kill -9` of a replica every five seconds under load: nothing a client saw is missing from the ledger, nothing is there twice, everything that
// was held is given back, and counters, rollups and ledger agree in the end.
import { setTimeout as sleep } from 'node:timers/promises';
import { startFleet } from './fleet.ts';
import { beginFleetLoad } from './fleet-load.ts';
import { booksOf, furnishFleet, tallyOf } from './fleet-site.ts';
import type { Gateway } from './gateway.ts';
import { startMeteredProvider } from './metered-provider.ts';
import type { ProveOptions, ProveResult } from './prove.ts';

const EVERY_MS = 5_000;
const FOR_MS = 5 * 60_000;
const WIDTH = 12;

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  if (quick)
    return {
      holds: true,
      figure: '',
      skipped: 'kills of replicas: only in full',
    };
  const provider = await startMeteredProvider();
  const fleet = await startFleet();
  if (fleet === null) return { holds: false, figure: '', skipped: 'PostgreSQL or Redis is not installed' };
  try {
    const site = await furnishFleet(fleet.replicas[0] as Gateway, provider);
    const load = beginFleetLoad(fleet, site, { width: WIDTH, phase: 'all' });
    const endMs = performance.now() + FOR_MS;
    let kills = 0;
    while (performance.now() < endMs) {
      const nextMs = performance.now() + EVERY_MS;
      const index = Math.floor(Math.random() * fleet.replicas.length);
      await (fleet.replicas[index] as Gateway).kill();
      kills += 1;
      await fleet.restart(index);
      await sleep(Math.max(0, nextMs - performance.now()));
    }
    await load.stop();
    const books = await booksOf(fleet, site, load, provider);
    const tallies = (['bounded', 'limited'] as const).map((house) => tallyOf(load, `all-${house}`));
    const failed = new Map<string, number>();
    for (const tally of tallies) for (const [name, count] of tally.failed) failed.set(name, (failed.get(name) ?? 0) + count);
    // What the killed process was answering is cut; nobody else's request fails.
    const others = [...failed].filter(([name]) => name !== 'cut');
    const problems = [
      ...books.problems,
      ...others.map(
        ([name, count]) => `${count} × ${name} (${tallies.map(({ said }) => said.get(name)).find((text) => text !== undefined)})`,
      ),
    ];
    if (books.lost > 0) problems.push(`${books.lost} answers are lost`);
    if (books.doubled > 0) problems.push(`${books.doubled} calls are doubled`);
    const sum = (of: 'requests' | 'answered') => tallies.reduce((total, tally) => total + tally[of], 0);
    const agreed = books.agreedMs === null ? 'never' : `${(books.agreedMs / 1_000).toFixed(1)} s after the load`;
    return {
      holds: problems.length === 0 && sum('answered') > kills * WIDTH,
      figure: `${kills} kills of three replicas: ${sum('requests')} requests, ${sum('answered')} answered, ${failed.get('cut') ?? 0} cut by a kill, lost ${books.lost}, doubled ${books.doubled}; everything held is given back and counters = ledger = rollups ${agreed}`,
      details: problems,
    };
  } finally {
    await fleet.stop();
    await provider.stop();
  }
}
