import type { RequestStatus } from '../journal/records.ts';

/** Counts of the data plane in plain numbers, read at scrape time, so that counting costs a request next to nothing. */
export interface Traffic {
  /** Requests by endpoint, outcome and code. */
  request(endpoint: string, status: RequestStatus | 'unknown_key', code: string | null): void;
  upstreamAttempt(provider: string, outcome: 'answered' | 'error' | 'failed'): void;
  gatewayUs(us: number): void;
  inFlight(change: 1 | -1): void;
  read(): TrafficReading;
}

export interface TrafficReading {
  readonly requests: ReadonlyMap<string, number>;
  readonly attempts: ReadonlyMap<string, number>;
  readonly gatewayUsBuckets: readonly { readonly upToUs: number; readonly count: number }[];
  readonly gatewayUsSum: number;
  readonly gatewayUsCount: number;
  readonly inFlight: number;
}

const BUCKETS_US = [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 100_000, Number.POSITIVE_INFINITY];

/** Cardinality is bounded by construction: every label comes from a closed list in this program. */
export function createTraffic(): Traffic {
  const requests = new Map<string, number>();
  const attempts = new Map<string, number>();
  const buckets = new Array<number>(BUCKETS_US.length).fill(0);
  let sum = 0;
  let count = 0;
  let open = 0;
  const add = (map: Map<string, number>, name: string) => map.set(name, (map.get(name) ?? 0) + 1);
  return {
    request: (endpoint, status, code) => add(requests, `${endpoint}|${status}|${code ?? ''}`),
    upstreamAttempt: (provider, outcome) => add(attempts, `${provider}|${outcome}`),
    gatewayUs(us) {
      let at = 0;
      while (us > (BUCKETS_US[at] as number)) at += 1;
      buckets[at] = (buckets[at] as number) + 1;
      sum += us;
      count += 1;
    },
    inFlight(change) {
      open += change;
    },
    read: () => ({
      requests,
      attempts,
      gatewayUsBuckets: BUCKETS_US.map((upToUs, at) => ({ upToUs, count: buckets[at] as number })),
      gatewayUsSum: sum,
      gatewayUsCount: count,
      inFlight: open,
    }),
  };
}
