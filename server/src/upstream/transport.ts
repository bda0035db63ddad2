import { isIP } from 'node:net';
import { buildConnector } from 'undici';
import { sharedReads } from '../lib/shared-reads.ts';
import { type Clock, systemClock } from '../lib/timing/clock.ts';
import { createTimerWheel, type TimerWheel } from '../lib/timing/timer-wheel.ts';
import { type AddressPolicy, addressProblem, bareHost } from './address-policy.ts';
import type { UpstreamCall, UpstreamSink } from './call.ts';
import type { Connect } from './connection.ts';
import { createGuardedLookup, RefusedAddress, type ResolveAll } from './guarded-lookup.ts';
import { OriginPool } from './origin-pool.ts';
import type { TransportRequest } from './transport-request.ts';
import { UpstreamRequest } from './upstream-request.ts';

/** The HTTP client that all vendors share. It does not retry, follow redirects or decompress. */
export interface Transport {
  /** Sends one request. Calls `sink` only after this method has returned. */
  send(request: TransportRequest, sink: UpstreamSink): UpstreamCall;
  /** Returns the number of connections by origin, for metrics and tests. */
  stats(): ReadonlyMap<string, { readonly open: number; readonly free: number; readonly waiting: number }>;
  /** Closes every connection. Call it once no request is in flight: the plain client does not report one that is cut off. */
  close(): void;
}

export interface TransportOptions {
  readonly policy: AddressPolicy;
  readonly wheel?: TimerWheel;
  readonly clock?: Clock;
  /** The most connections to one origin. Set it above the number of concurrent streams you expect. Default: 2,048. */
  readonly connectionsMax?: number;
  /** The most requests that wait for a connection to one origin; more fail as `not_connected`. Default: 4,096. */
  readonly waitingMax?: number;
  readonly connectTimeoutMs?: number;
  /** The time to keep an idle connection, unless its server names one. Default: 30 s. */
  readonly keepAliveMs?: number;
  /** `plain` reads plain answers itself and leaves others to undici; `full` leaves all to undici. Default: `plain`. */
  readonly client?: 'plain' | 'full';
  readonly resolve?: ResolveAll;
  /**
   * True if a name that resolves to an inner address must fail as an unknown name does. Otherwise those who choose the address could
   * probe for names in the inner network.
   */
  readonly hidesInnerNames?: boolean;
  /** Certificates to trust instead of the default ones, in PEM; for tests. */
  readonly ca?: string;
}

const HEADER_BYTES_MAX = 32 * 1024;

/** Creates a transport. The process has one, which all vendors share. */
export function createTransport(options: TransportOptions): Transport {
  const wheel = options.wheel ?? createTimerWheel();
  const pools = new Map<string, OriginPool>();
  const poolOptions = {
    connect: guardedConnector(options),
    connectionsMax: options.connectionsMax ?? 2_048,
    waitingMax: options.waitingMax ?? 4_096,
    keepAliveMs: options.keepAliveMs ?? 30_000,
    headerBytesMax: HEADER_BYTES_MAX,
    client: options.client ?? 'plain',
    nowMs: () => wheel.nowMs(),
  };

  function poolOf(origin: string): OriginPool {
    let pool = pools.get(origin);
    if (pool === undefined) {
      pool = new OriginPool(origin, poolOptions, () => pools.delete(origin));
      pools.set(origin, pool);
    }
    return pool;
  }

  return {
    send(request, sink) {
      const attempt = new UpstreamRequest(request, sink, poolOf(request.origin), wheel);
      attempt.begin();
      return attempt;
    },
    stats: () => new Map([...pools].map(([origin, pool]) => [origin, pool.stats()])),
    close: () => {
      for (const pool of [...pools.values()]) pool.close();
    },
  };
}

/** Returns a function that opens sockets only to allowed addresses. It checks literals; the socket's own lookup checks names. */
export function guardedConnector(
  options: Pick<TransportOptions, 'policy' | 'clock' | 'connectTimeoutMs' | 'resolve' | 'ca' | 'hidesInnerNames'>,
): Connect {
  const settings = {
    allowH2: false,
    rejectUnauthorized: true,
    timeout: options.connectTimeoutMs ?? 10_000,
    lookup: createGuardedLookup({
      policy: options.policy,
      clock: options.clock ?? systemClock,
      hidesInnerNames: options.hidesInnerNames === true,
      ...(options.resolve === undefined ? {} : { resolve: options.resolve }),
    }),
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  } as buildConnector.BuildOptions;
  // TLS connections share one connector, which keeps TLS sessions. A plain connection that reads into shared memory gets its own
  // below.
  const connect = buildConnector(settings) as Connect; // It returns the socket, although its types do not say so.
  return (target, callback, onBytes) => {
    const host = bareHost(target.hostname);
    const problem = isIP(host) === 0 ? null : addressProblem(host, host, options.policy);
    if (problem !== null) {
      queueMicrotask(() => callback(new RefusedAddress(problem), null));
      return undefined;
    }
    const onread = onBytes === undefined || target.protocol !== 'http:' ? null : sharedReads(onBytes);
    if (onread === null) return connect(target, callback);
    const reading = buildConnector({ ...settings, onread } as buildConnector.BuildOptions) as Connect;
    return reading(target, callback);
  };
}
