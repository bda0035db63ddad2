import type { Hold } from '../counters/counters.ts';
import { kindOfUnit } from '../domain/money/beyond.ts';
import { ESTIMATE_REASONS, type EstimateReason } from '../domain/usage/estimate-reason.ts';
import { outputTokens, totalTokens, type Usage } from '../domain/usage/usage.ts';
import type { Dimensions, EndRecord, RequestStatus } from '../ledger/records.ts';
import type { LimitDetails } from '../proxy/refusal.ts';
import { Buckets } from './buckets.ts';

/** Counts of the data plane in plain numbers, read at scrape time, so that counting costs a request next to nothing. */
export interface Traffic {
  /** A request that leaves no row: its key is unknown. */
  unknownKey(endpoint: string, code: string): void;
  /** A request that leaves this row. */
  settled(record: EndRecord): void;
  /** A limit or budget said no. */
  limited(limit: LimitDetails): void;
  /** Something without a price was refused. What was used without one is in the rows. */
  unpriced(unit: string): void;
  upstreamAttempt(provider: string, outcome: 'answered' | 'error' | 'failed'): void;
  /** From sending an attempt until its whole answer, the first bytes of a stream, or its failure. */
  upstreamMs(provider: string, ms: number): void;
  /** From the request's arrival until a stream's first bytes. */
  firstTokenMs(provider: string, ms: number): void;
  /** A stream ended before its answer was complete. */
  streamCut(by: StreamCut): void;
  /** An answer reported usage that cannot be. */
  usageImplausible(provider: string): void;
  /** So many attempts were charged an estimate; one unless said. */
  estimated(why: EstimateReason, count?: number): void;
  gatewayUs(us: number): void;
  began(request: InFlight): void;
  ended(request: InFlight): void;
  /** What an ended request holds will be given back once its row is in the file. */
  releases(): void;
  /** It is being given back. */
  released(): void;
  /** Every admitted request that is not settled yet. */
  inFlight(): readonly InFlight[];
  read(): TrafficReading;
}

/** Who ended a stream early: the provider, the client by hanging up, the client by leaving it unread, or the end of this process. */
export type StreamCut = 'provider' | 'client' | 'unread' | 'drain';

/** Whose request is on its way. */
export interface InFlight {
  /** Where it is kept meanwhile; written here alone. */
  inFlightAt: number;
  readonly charged: Dimensions;
  /** What stands for its key in memory: it is kept there until the request is settled. */
  readonly key: object;
  readonly hold: Hold;
  readonly cutShort: (() => void) | null;
}

export interface TrafficReading {
  /** By `endpoint|status|code`. */
  readonly requests: ReadonlyMap<string, number>;
  /** By `scope|limit`. */
  readonly limited: ReadonlyMap<string, number>;
  /** By `provider|outcome`. */
  readonly attempts: ReadonlyMap<string, number>;
  readonly streamsCut: ReadonlyMap<string, number>;
  readonly estimated: Readonly<Record<EstimateReason, number>>;
  /** By provider. */
  readonly usageImplausible: ReadonlyMap<string, number>;
  /** Refused or used without a price, by kind. */
  readonly unpricedUnits: ReadonlyMap<string, number>;
  readonly providers: ReadonlyMap<string, ProviderTraffic>;
  /** Of the first organizations that were seen, as many as are wanted; the rest together as `other`. Empty when none are wanted. */
  readonly organizations: ReadonlyMap<string, OrganizationTraffic>;
  readonly gatewaySeconds: Buckets;
  readonly inFlight: number;
  /** Ended, and what they hold is about to be given back. */
  readonly releasing: number;
}

/** What one provider was asked and charged. */
export interface ProviderTraffic extends Used {
  readonly upstreamSeconds: Buckets;
  readonly firstTokenSeconds: Buckets;
}

/** What one organization asked for. */
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

const GATEWAY_SECONDS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.1];
const PROVIDER_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];
/** The name of all organizations that came after the wanted ones. No id looks like it. */
const OTHER = 'other';

/** Cardinality is bounded by construction: every label comes from a closed list in this program, or is one of `organizationsMax` ids. */
export function createTraffic({ organizationsMax = 0 }: { readonly organizationsMax?: number } = {}): Traffic {
  const requests = new Tally();
  const limited = new Tally();
  const attempts = new Tally();
  const streamsCut = new Tally();
  const usageImplausible = new Tally();
  const estimated = Object.fromEntries(ESTIMATE_REASONS.map((why) => [why, 0])) as Record<EstimateReason, number>;
  const unpricedUnits = new Tally();
  const providers = new Map<string, ProviderTraffic>();
  const organizations = new Map<string, OrganizationTraffic>();
  const gatewaySeconds = new Buckets(GATEWAY_SECONDS);
  // Places that are used again. A Set cost a quarter of a request's CPU: every table it outgrows holds whole requests until a full collection.
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
      estimated: { ...estimated },
      usageImplausible: usageImplausible.read(),
      unpricedUnits: unpricedUnits.read(),
      ...{ providers, organizations, gatewaySeconds },
      inFlight: places.length - free.length,
      releasing,
    }),
  };
}

/** Counts by labels. Most of what is counted has the labels of what was counted before: joining and looking them up is spared. */
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

/** That usage had to be estimated is the ledger's business; the request succeeded. */
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
