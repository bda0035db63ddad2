/** Load on a fleet as a load balancer spreads it: each call goes to the next replica. */
import type { Fleet } from './fleet.ts';
import { type FleetSite, MODEL } from './fleet-site.ts';
import type { Gateway } from './gateway.ts';
import { type SteadyLoad, startLoad } from './steady-load.ts';

/** How often a balancer asks whether a replica is ready. */
const BALANCER_MS = 100;

interface FleetLoadOptions {
  readonly width: number;
  readonly phase: string;
  /** Whether the balancer sends to this replica; to all unless given. */
  readonly isIn?: (index: number) => boolean;
  /** A balancer that takes every call in place of the replicas. */
  readonly through?: string;
}

/** Half of the callers under a budget that refuses (`<phase>-bounded`), half under rate limits alone (`<phase>-limited`). */
export function beginFleetLoad(
  fleet: Fleet,
  site: FleetSite,
  { width, phase, isIn = () => true, through }: FleetLoadOptions,
): SteadyLoad {
  let turn = 0;
  const base = () => {
    if (through !== undefined) return through;
    turn += 1;
    for (let passed = 1; passed < fleet.replicas.length && !isIn(turn % fleet.replicas.length); passed += 1) turn += 1;
    return (fleet.replicas[turn % fleet.replicas.length] as Gateway).base;
  };
  const houses = ['bounded', 'limited'] as const;
  const loads = houses.map((house) =>
    startLoad({ base, keys: site[house].keys, model: MODEL, width: width / 2, phase: `${phase}-${house}`, pauseMs: 15 }),
  );
  return {
    get fates() {
      return new Map(loads.flatMap((load) => [...load.fates]));
    },
    inFlight: () => loads.flatMap((load) => load.inFlight()),
    get phase() {
      return phase;
    },
    set phase(name: string) {
      for (const [index, load] of loads.entries()) load.phase = `${name}-${houses[index]}`;
    },
    stop: async () => void (await Promise.all(loads.map((load) => load.stop()))),
  };
}

/** A balancer's own view: it sends where the last answer was yes. */
export function watchFleet({ replicas }: Fleet) {
  const ins = replicas.map(() => true);
  const timer = setInterval(() => {
    for (const [index, { base }] of replicas.entries())
      fetch(`${base}/health/ready`, { signal: AbortSignal.timeout(2_000) })
        .then(async (said) => {
          await said.arrayBuffer();
          ins[index] = said.status === 200;
        })
        .catch(() => {
          ins[index] = false;
        });
  }, BALANCER_MS);
  return { isIn: (index: number) => ins[index] === true, stop: () => clearInterval(timer) };
}
