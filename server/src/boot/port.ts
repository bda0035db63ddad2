import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Server } from 'node:net';
import { join } from 'node:path';
import { getHeapStatistics } from 'node:v8';
import { Problem, renderProblem } from '../admin/http/problem.ts';
import { ConnectionBounds } from '../http/connection-bounds.ts';
import type { ListenerOptions } from '../http/node/listener.ts';
import { type Listening, openListener } from '../http/open-listener.ts';
import type { GatewayRequest, Reply } from '../http/request-reply.ts';
import { addressHolders } from '../lib/address/address-holder.ts';
import { ANSWERED, BufferedBytes, bufferBounds } from '../lib/buffered-bytes.ts';
import { isHeldHere } from '../lib/directory-lock.ts';
import { requestId } from '../lib/id.ts';
import { Spool } from '../lib/spool/spool.ts';
import { systemClock as clock } from '../lib/timing/clock.ts';
import { onceFree } from '../lib/timing/once-free.ts';
import { serveOperations } from '../ops/operations.ts';
import { sayRefusal } from '../proxy/data-plane.ts';
import type { HeadBounds } from '../proxy/head.ts';
import { serviceUnavailable } from '../proxy/refusal.ts';
import { formBytesMaxAt } from '../proxy/spool/form-paths.ts';
import { BadSetting } from '../settings/bad-setting.ts';
import type { Config } from '../settings/config.ts';
import { isUnused } from '../settings/data-directory.ts';

/** Answers requests. */
export type Behind = Required<Pick<ListenerOptions, 'admin' | 'allowedAt' | 'serve' | 'judge'>>;

interface Addresses {
  /** Never a host name: on another of its addresses another program may listen. */
  readonly own: string;
  readonly shown: string;
}

/** The port of this process. */
export interface Port {
  readonly listening: Listening;
  /** The memory that request bodies use, and its limits. */
  readonly bodies: HeadBounds;
  /** Null if requests can be served, otherwise the reason: `starting`, `draining`. */
  notReady: string | null;
  /** True while each answer closes its connection, although new connections are still accepted. */
  isLeaving: boolean;
  /** Serves from now on, and begins to listen if it does not yet. Throws BadSetting if the port is taken. */
  serve(behind: Behind): Promise<void>;
  /** Returns its URLs without a trailing slash: `own` for this process, `shown` for people on this machine. */
  addresses(): Addresses;
}

/**
 * Makes sure that the port is free. A first start listens before it creates anything and answers that it is starting, so that it
 * can finish what it begins. A later start only checks the port, and refuses connections from then until it is ready, so that a load
 * balancer uses another replica. A worker does neither, because its parent process checked. Throws BadSetting if the port is
 * taken.
 */
export async function takePort(config: Config): Promise<Port> {
  let behind: Behind = WHILE_STARTING;
  const bodies = boundsOf(config);
  const listening = openListener(config.fastLane, {
    clock,
    bodyBytesMax: bodies.bodyBytesMax,
    formBytesMaxAt: (path) => formBytesMaxAt(path, bodies.formBytesMax),
    connections: {
      max: config.connectionsMax,
      bounds: new ConnectionBounds(Math.ceil(config.connectionsMax / 4), bodies.holderOf),
    },
    requestId,
    isLeaving: () => port.isLeaving,
    admin: (request, response) => behind.admin(request, response),
    allowedAt: (path) => behind.allowedAt(path),
    serve: (request, reply) => behind.serve(request, reply),
    judge: (request, reply) => behind.judge(request, reply),
  });
  const { server } = listening;
  const port: Port = {
    listening,
    bodies,
    notReady: 'starting',
    isLeaving: false,
    serve: async (next) => {
      behind = next;
      if (!server.listening) await listen(server, config);
    },
    addresses: () => addressesOf(config.host, server.address() as AddressInfo),
  };
  if (config.worker === 0 && isUnused(config.dataDir)) await listen(server, config);
  else if (config.worker === 0) await mustBeFree(config);
  return port;
}

/** Returns the memory limits for bodies. No single body may exceed the limit for all, because it could never be read. */
function boundsOf({ bodyBytesMax, bufferedBytesMax, spoolBytesMax, dataDir, trustedProxies }: Config): HeadBounds {
  const bounds = bufferBounds(bufferedBytesMax, getHeapStatistics().heap_size_limit, bodyBytesMax);
  return {
    buffered: new BufferedBytes(bounds),
    bodyBytesMax: Math.min(bodyBytesMax, bounds.bytesMax),
    formBytesMax: bodyBytesMax,
    spool: new Spool({ directory: join(dataDir, 'spool'), bytesMax: spoolBytesMax }),
    holderOf: addressHolders(trustedProxies),
  };
}

/** Throws BadSetting if the port is taken. Waits up to 5 s if the process that holds the data directory may be ending. */
export async function mustBeFree(config: Config): Promise<void> {
  await onceFree(() => bindAlone(config));
}

class PortTaken extends BadSetting {
  readonly mayEnd: boolean;

  constructor({ host, port }: Config, mayEnd: boolean) {
    super(`HEADGATE_PORT: another program uses port ${port} on ${host}. Stop it or choose another port.`);
    this.mayEnd = mayEnd;
  }
}

/**
 * Binds the port for a moment without listening: a server that listened and closed would accept a request and reset it. Node binds only
 * what connects, so this connects to port 0, which is always refused.
 */
async function bindAlone(config: Config): Promise<void> {
  // Check this first: a process that ends after the check has released the port as well.
  const mayEnd = isHeldHere(config.dataDir);
  const found = await lookup(config.host).catch((error: NodeJS.ErrnoException) => error);
  if (found instanceof Error) throw refusalOf(found, config, mayEnd);
  const { address } = found;
  const probe = connect({ host: LOOPBACK[address] ?? address, port: 0, localAddress: address, localPort: config.port });
  probe.setTimeout(PROBE_MS_MAX, () => probe.destroy(new Error('no answer from port 0')));
  const error = await once(probe, 'connect').then(
    () => null,
    (failure: NodeJS.ErrnoException) => failure,
  );
  probe.destroy();
  if (error?.code === 'EADDRINUSE' || error?.syscall === 'bind') throw refusalOf(error, config, mayEnd);
}

const PROBE_MS_MAX = 1_000;

function listen(server: Server, config: Config): Promise<void> {
  const { host, port, dataDir } = config;
  const mayEnd = isHeldHere(dataDir); // First, for the same reason.
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(refusalOf(error, config, mayEnd)));
    server.listen(port, host, resolve);
  });
}

function refusalOf({ code }: NodeJS.ErrnoException, config: Config, mayEnd: boolean): BadSetting {
  if (code === 'EADDRINUSE') return new PortTaken(config, mayEnd);
  const { host, port } = config;
  return new BadSetting(`HEADGATE_HOST: this host cannot listen on ${host}:${port} (${code}). Choose an address of this host.`);
}

const LOOPBACK: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

function addressesOf(host: string, { address, port }: AddressInfo): Addresses {
  return { own: url(LOOPBACK[address] ?? address, port), shown: url(host in LOOPBACK ? 'localhost' : host, port) };
}

function url(host: string, port: number): string {
  return host.includes(':') ? `http://[${host}]:${port}` : `http://${host}:${port}`;
}

const STARTING = 'The gateway is starting. Try again in a moment.';

const WHILE_STARTING: Behind = {
  allowedAt: () => [],
  admin: (_: IncomingMessage, response: ServerResponse) => {
    const id = requestId();
    const ids = { 'x-request-id': id, 'request-id': id };
    const headers = {
      'content-type': 'application/problem+json; charset=utf-8',
      'retry-after': '1',
      connection: 'close',
      ...ids,
    };
    response.writeHead(503, headers).end(JSON.stringify(renderProblem(new Problem(503, STARTING), id)));
  },
  serve: sayStarting,
  judge: (request, reply) => {
    sayStarting(request, reply);
    return ANSWERED;
  },
};

function sayStarting(request: GatewayRequest, reply: Reply): void {
  if (request.path.startsWith('/health/')) void serveOperations(request, reply, HEALTH_ALONE);
  else sayRefusal(request, reply, serviceUnavailable(STARTING), requestId());
}

const HEALTH_ALONE: Parameters<typeof serveOperations>[2] = {
  notReady: () => 'starting',
  coldCounters: () => 0,
  requestId,
  strictTransport: null,
  file: () => null,
  pageNotFound: () => null,
  mayReadMetrics: async () => false,
  metrics: async () => '',
};
