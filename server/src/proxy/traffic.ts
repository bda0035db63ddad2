import { Histogram } from 'prom-client';
import type { KeyConfig } from '../domain/tenancy.ts';
import type { RequestStatus } from '../journal/records.ts';

/** Counts of the data plane in plain numbers, read at scrape time, so that counting costs a request next to nothing. */
export interface Traffic {
  /** Requests by endpoint, outcome and code. */
  request(endpoint: string, status: RequestStatus | 'unknown_key', code: string | null): void;
  upstreamAttempt(provider: string, outcome: 'answered' | 'error' | 'failed'): void;
  gatewayUs(us: number): void;
  began(request: InFlight): void;
  ended(request: InFlight): void;
  /** Every admitted request that is not settled yet. */
  inFlight(): readonly InFlight[];
  read(): TrafficReading;
}

/** Whose request is on its way, and under which name. */
export interface InFlight {
  /** Where it is kept meanwhile; written here alone. */
  inFlightAt: number;
  readonly key: { readonly config: KeyConfig };
  readonly asked: { readonly facts: { readonly model: string } };
}

export interface TrafficReading {
  /** By `endpoint|status|code`. */
  readonly requests: ReadonlyMap<string, number>;
  /** By `provider|outcome`. */
  readonly attempts: ReadonlyMap<string, number>;
  readonly gatewaySeconds: Histogram;
  readonly inFlight: number;
}

const BUCKETS_SECONDS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.1];

/** Cardinality is bounded by construction: every label comes from a closed list in this program. */
export function createTraffic(): Traffic {
  const requests = new Map<string, number>();
  const attempts = new Map<string, number>();
  const gatewaySeconds = new Histogram({
    name: 'headgate_gateway_seconds',
    help: 'Time the gateway itself added per request.',
    buckets: BUCKETS_SECONDS,
    registers: [],
  });
  // Places that are used again. A Set cost a quarter of a request's CPU: every table it outgrows holds whole requests until a full collection.
  const places: (InFlight | null)[] = [];
  const free: number[] = [];
  const add = (map: Map<string, number>, name: string) => map.set(name, (map.get(name) ?? 0) + 1);
  return {
    request: (endpoint, status, code) => add(requests, `${endpoint}|${status}|${code ?? ''}`),
    upstreamAttempt: (provider, outcome) => add(attempts, `${provider}|${outcome}`),
    gatewayUs: (us) => gatewaySeconds.observe(us / 1e6),
    began(request) {
      request.inFlightAt = free.pop() ?? places.length;
      places[request.inFlightAt] = request;
    },
    ended(request) {
      places[request.inFlightAt] = null;
      free.push(request.inFlightAt);
    },
    inFlight: () => places.filter((place) => place !== null),
    read: () => ({ requests, attempts, gatewaySeconds, inFlight: places.length - free.length }),
  };
}
