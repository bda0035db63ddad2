import type { Hold } from '../counters/counters.ts';
import { kindOfUnit } from '../domain/money/beyond.ts';
import type { AttemptResult } from '../domain/usage/attempt.ts';
import { ESTIMATE_REASONS, type EstimateReason } from '../domain/usage/estimate-reason.ts';
import { outputTokens, totalTokens, type Usage } from '../domain/usage/usage.ts';
import type { Dimensions, EndRecord, RequestStatus } from '../ledger/records.ts';
import type { LimitDetails } from '../proxy/refusal.ts';
import { Buckets } from './buckets.ts';

/** Counts the data plane's traffic in plain numbers, read at scrape time. So counting costs a request almost nothing. */
export interface Traffic {
  /** Counts a request with an unknown key, which leaves no row. */
  unknownKey(endpoint: string, code: string): void;
  /** Counts a request by its row. */
  settled(record: EndRecord): void;
  /** Counts a refusal by a limit or budget. */
  limited(limit: LimitDetails): void;
  /** Counts a refusal because a unit has no price. Units used without a price are counted from the rows. */
  unpriced(unit: string): void;
  /** Counts an attempt when it has ended, by the result that its request keeps. */
  upstreamAttempt(provider: string, outcome: AttemptResult): void;
  /** Records the time from sending an attempt until its whole answer, the first bytes of a stream, or its failure. */
  upstreamMs(provider: string, ms: number): void;
  /** Records the time from the request's arrival until a stream's first bytes. */
  firstTokenMs(provider: string, ms: number): void;
  /** Counts a request of a name that is cached, by what became of it. */
  cached(outcome: CacheOutcome): void;
  /** Counts a stream that ended before its answer was complete. */
  streamCut(by: StreamCut): void;
  /** Counts an answer that reported implausible usage. */
  usageImplausible(provider: string): void;
  /** Counts attempts that were charged an estimate. Default: one. */
  estimated(why: EstimateReason, count?: number): void;
  gatewayUs(us: number): void;
  began(request: InFlight): void;
  ended(request: InFlight): void;
  /** Counts an ended request whose hold is released once its row is in the journal. */
  releases(): void;
  /** Counts one such hold as being released now. */
  released(): void;
  /** Returns every admitted request that is not settled yet. */
  inFlight(): readonly InFlight[];
  read(): TrafficReading;
}

/** The outcome for a request of a name that is cached: answered from the cache, not found in it, or neither sought nor kept. */
export type CacheOutcome = 'hit' | 'miss' | 'bypass';

/** The cause of a stream's early end: the provider, a client that hung up or left it unread, or the end of this process. */
export type StreamCut = 'provider' | 'client' | 'unread' | 'drain';

/** A request in flight. */
export interface InFlight {
  /** The request's index in the list of requests in flight. Only this module writes it. */
  inFlightAt: number;
  readonly charged: Dimensions;
  /** The cached key of the request. It stays in the cache until the request is settled. */
  readonly key: object;
  readonly hold: Hold;
  readonly cutShort: (() => void) | null;
}

export interface TrafficReading {
  /** Requests by `endpoint|status|code`. */
  readonly requests: ReadonlyMap<string, number>;
  /** Refusals by `scope|limit`. */
  readonly limited: ReadonlyMap<string, number>;
  /** Attempts by `provider|outcome`. */
  readonly attempts: ReadonlyMap<string, number>;
  readonly streamsCut: ReadonlyMap<string, number>;
  readonly cached: Readonly<Record<CacheOutcome, number>>;
  readonly estimated: Readonly<Record<EstimateReason, number>>;
  /** Answers with implausible usage, by provider. */
  readonly usageImplausible: ReadonlyMap<string, number>;
  /** Units refused or used without a price, by kind. */
  readonly unpricedUnits: ReadonlyMap<string, number>;
  readonly providers: ReadonlyMap<string, ProviderTraffic>;
  /** The first `organizationsMax` organizations that were seen, and all others together as `other`. Empty if that is 0. */
  readonly organizations: ReadonlyMap<string, OrganizationTraffic>;
  readonly gatewaySeconds: Buckets;
  readonly inFlight: number;
  /** The number of ended requests whose hold is not released yet. */
  readonly releasing: number;
}

/** The usage, spend and times of one provider. */
export interface ProviderTraffic extends Used {
  readonly upstreamSeconds: Buckets;
  readonly firstTokenSeconds: Buckets;
}

/** The usage, spend and requests of one organization. */
export interface OrganizationTraffic extends Used {
  readonly requests: Map<string, number>;
}

/** Tokens as providers reported or we estimated them, and their price. */
export interface Used {
  inputTokens: number;
  cachedInputTokens: number;
  outputTokens: number;
  nanoUsd: number;
}

/** A bound that an alert compares a quantile with must be here: between two bounds, Prometheus guesses. */
const GATEWAY_SECONDS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 1];
const PROVIDER_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];
/** The name under which organizations beyond the maximum are counted together. No id looks like it. */
const OTHER = 'other';

/** Creates the counts. Every label is from a closed list in this program, or one of `organizationsMax` ids. */
export function createTraffic({ organizationsMax = 0 }: { readonly organizationsMax?: number } = {}): Traffic {
  const requests = new Tally();
  const limited = new Tally();
  const attempts = new Tally();
  const streamsCut = new Tally();
  const cached = { hit: 0, miss: 0, bypass: 0 };
  const usageImplausible = new Tally();
  const estimated = Object.fromEntries(ESTIMATE_REASONS.map((why) => [why, 0])) as Record<EstimateReason, number>;
  const unpricedUnits = new Tally();
  const providers = new Map<string, ProviderTraffic>();
  const organizations = new Map<string, OrganizationTraffic>();
  const gatewaySeconds = new Buckets(GATEWAY_SECONDS);
  // Places are reused. A Set took a quarter of a request's CPU time: each table that it outgrows keeps whole requests until a
  // full collection.
  const places: (InFlight | null)[] = [];
  const free: number[] = [];
  let releasing = 0;
  return {
    unknownKey: (endpoint, code) => requests.add(endpoint, 'unknown_key', code),
    settled(record) {
      requests.add(record.endpoint, outcomeOf(record.status), record.code ?? '');
      const organization = organizationsMax === 0 ? null : organizationIn(organizations, record.organizationId, organizationsMax);
      if (organization !== null) count(organization.requests, outcomeOf(record.status));
      for (const { provider, usage, nanoUsd, unpricedUnits: names } of record.entries) {
        if (names) for (const name of names.split(',')) unpricedUnits.add(kindOfUnit(name));
        use(providerIn(providers, provider), usage, nanoUsd);
        if (organization !== null) use(organization, usage, nanoUsd);
      }
    },
    limited: ({ scope, limit }) => limited.add(scope, limit),
    unpriced: (unit) => unpricedUnits.add(kindOfUnit(unit)),
    upstreamAttempt: (provider, outcome) => attempts.add(provider, outcome),
    upstreamMs: (provider, ms) => providerIn(providers, provider).upstreamSeconds.observe(ms / 1_000),
    firstTokenMs: (provider, ms) => providerIn(providers, provider).firstTokenSeconds.observe(ms / 1_000),
    cached(outcome) {
      cached[outcome] += 1;
    },
    streamCut: (by) => streamsCut.add(by),
    usageImplausible: (provider) => usageImplausible.add(provider),
    estimated(why, count = 1) {
      estimated[why] += count;
    },
    gatewayUs: (us) => gatewaySeconds.observe(us / 1e6),
    began(request) {
      request.inFlightAt = free.pop() ?? places.length;
      places[request.inFlightAt] = request;
    },
    ended(request) {
      places[request.inFlightAt] = null;
      free.push(request.inFlightAt);
    },
    releases() {
      releasing += 1;
    },
    released() {
      releasing -= 1;
    },
    inFlight: () => places.filter((place) => place !== null),
    read: () => ({
      ...{ requests: requests.read(), limited: limited.read(), attempts: attempts.read(), streamsCut: streamsCut.read() },
      cached: { ...cached },
      estimated: { ...estimated },
      usageImplausible: usageImplausible.read(),
      unpricedUnits: unpricedUnits.read(),
      ...{ providers, organizations, gatewaySeconds },
      inFlight: places.length - free.length,
      releasing,
    }),
  };
}

/** Counts by labels. Most additions repeat the labels of the one before, and then need no join and no lookup. */
class Tally {
  readonly #counts = new Map<string, { of: number }>();
  #labels: readonly [string, string?, string?] | null = null;
  #count = { of: 0 };

  add(...labels: [string, string?, string?]): void {
    const last = this.#labels;
    if (last === null || last[0] !== labels[0] || last[1] !== labels[1] || last[2] !== labels[2]) {
      this.#labels = labels;
      this.#count = this.#countOf(labels.join('|'));
    }
    this.#count.of += 1;
  }

  read(): ReadonlyMap<string, number> {
    return new Map([...this.#counts].map(([name, { of }]) => [name, of]));
  }

  #countOf(name: string): { of: number } {
    let count = this.#counts.get(name);
    if (count === undefined) {
      count = { of: 0 };
      this.#counts.set(name, count);
    }
    return count;
  }
}

function count(map: Map<string, number>, name: string): void {
  map.set(name, (map.get(name) ?? 0) + 1);
}

/** Returns a status for metrics. An estimated request counts as succeeded: only the ledger distinguishes the two. */
function outcomeOf(status: RequestStatus): string {
  return status === 'estimated' ? 'succeeded' : status;
}

function providerIn(providers: Map<string, ProviderTraffic>, name: string): ProviderTraffic {
  let found = providers.get(name);
  if (found === undefined) {
    const upstreamSeconds = new Buckets(PROVIDER_SECONDS);
    found = { ...NOTHING_USED, upstreamSeconds, firstTokenSeconds: new Buckets(PROVIDER_SECONDS) };
    providers.set(name, found);
  }
  return found;
}

function organizationIn(organizations: Map<string, OrganizationTraffic>, id: string, most: number): OrganizationTraffic {
  const found = organizations.get(id);
  if (found !== undefined) return found;
  const others = organizations.get(OTHER);
  if (others !== undefined) return others;
  const made = { ...NOTHING_USED, requests: new Map<string, number>() };
  organizations.set(organizations.size < most ? id : OTHER, made);
  return made;
}

const NOTHING_USED: Used = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0, nanoUsd: 0 };

function use(used: Used, usage: Usage, nanoUsd: number | null): void {
  const [output, cached] = [outputTokens(usage), usage.cached_input ?? 0];
  used.outputTokens += output;
  used.cachedInputTokens += cached;
  used.inputTokens += totalTokens(usage) - output - cached;
  used.nanoUsd += nanoUsd ?? 0;
}
