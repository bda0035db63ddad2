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

/** The shared HTTP client of every vendor. Does not retry, does not follow redirects, does not decompress. */
export interface Transport {
  /** Sends one request; `sink` hears of it only after this returned. */
  send(request: TransportRequest, sink: UpstreamSink): UpstreamCall;
  /** Connections by origin, for metrics and tests. */
  stats(): ReadonlyMap<string, { readonly open: number; readonly free: number; readonly waiting: number }>;
  /** Closes every connection; requests under way fail as `reset`. */
  close(): void;
}

export interface TransportOptions {
  readonly policy: AddressPolicy;
  readonly wheel?: TimerWheel;
  readonly clock?: Clock;
  /** Connections to one origin; above the sum of streams expected at once. Default 2,048. */
  readonly connectionsMax?: number;
  /** Requests waiting for a connection to one origin; more are refused as `not_connected`. Default 4,096. */
  readonly waitingMax?: number;
  readonly connectTimeoutMs?: number;
  /** How long an idle connection is kept unless the server says less. Default 30 s. */
  readonly keepAliveMs?: number;
  /** `plain` reads plain answers with the fast lane's own client and leaves the rest to undici; `full` leaves all to undici. Default `plain`. */
  readonly client?: 'plain' | 'full';
  readonly resolve?: ResolveAll;
  /** Certificates trusted beside the system's, in PEM; for tests. */
  readonly ca?: string;
}

const HEADER_BYTES_MAX = 32 * 1024;

/** Makes the transport; main.ts makes one and hands it to every vendor. */
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

/** Opens sockets only to addresses the policy allows: literals are checked here, names by the lookup of the very same connect. */
export function guardedConnector(
  options: Pick<TransportOptions, 'policy' | 'clock' | 'connectTimeoutMs' | 'resolve' | 'ca'>,
): Connect {
  const settings = {
    allowH2: false,
    rejectUnauthorized: true,
    timeout: options.connectTimeoutMs ?? 10_000,
    lookup: createGuardedLookup({
      policy: options.policy,
      clock: options.clock ?? systemClock,
      ...(options.resolve === undefined ? {} : { resolve: options.resolve }),
    }),
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  } as buildConnector.BuildOptions;
  // The one for all keeps TLS sessions; where there is no TLS each connection has one of its own, which reads where it says.
  const connect = buildConnector(settings) as Connect; // It does return the socket; its types do not say so.
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
