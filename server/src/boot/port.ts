import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
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
import { systemClock as clock } from '../lib/timing/clock.ts';
import { onceFree } from '../lib/timing/once-free.ts';
import { serveOperations } from '../ops/operations.ts';
import { sayRefusal } from '../proxy/data-plane.ts';
import type { HeadBounds } from '../proxy/head.ts';
import { serviceUnavailable } from '../proxy/refusal.ts';
import { BadSetting } from '../settings/bad-setting.ts';
import type { Config } from '../settings/config.ts';
import { isUnused } from '../settings/data-directory.ts';

/** Answers requests. */
export type Behind = Required<Pick<ListenerOptions, 'admin' | 'serve' | 'judge'>>;

interface Addresses {
  /** Never a name: another program may listen on another address that the name stands for as well. */
  readonly own: string;
  readonly shown: string;
}

/** The port of this process. */
export interface Port {
  readonly listening: Listening;
  /** What bodies take of memory, and the bounds that they are judged by. */
  readonly bodies: HeadBounds;
  /** Null when requests can be served, else why not: `starting`, `draining`. */
  notReady: string | null;
  /** Serves from now on, and listens where it does not yet. Throws BadSetting when the port is taken. */
  serve(behind: Behind): Promise<void>;
  /** Where it is, without a trailing slash: for this process itself, and for people on this machine. */
  addresses(): Addresses;
}

/**
 * Finds out that the port is ours. A first start listens before it makes anything, and says that it is starting: whatever it begins it can
 * finish. A later one only looks, and refuses connections until it is ready, so that a balancer asks another replica. A worker does
 * neither, since the process that started it has looked. Throws BadSetting when the port is taken.
 */
export async function takePort(config: Config): Promise<Port> {
  let behind: Behind = WHILE_STARTING;
  const bodies = boundsOf(config);
  const listening = openListener(config.fastLane, {
    clock,
    bodyBytesMax: bodies.bodyBytesMax,
    connections: {
      max: config.connectionsMax,
      bounds: new ConnectionBounds(Math.ceil(config.connectionsMax / 4), bodies.holderOf),
    },
    requestId,
    isLeaving: () => port.notReady === 'draining',
    admin: (request, response) => behind.admin(request, response),
    serve: (request, reply) => behind.serve(request, reply),
    judge: (request, reply) => behind.judge(request, reply),
  });
  const { server } = listening;
  const port: Port = {
    listening,
    bodies,
    notReady: 'starting',
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

/** No body may be larger than what all may take together: it could never be read. */
function boundsOf({ bodyBytesMax, bufferedBytesMax, trustedProxies }: Config): HeadBounds {
  const bounds = bufferBounds(bufferedBytesMax, getHeapStatistics().heap_size_limit, bodyBytesMax);
  return {
    buffered: new BufferedBytes(bounds),
    bodyBytesMax: Math.min(bodyBytesMax, bounds.bytesMax),
    holderOf: addressHolders(trustedProxies),
  };
}

/** Throws BadSetting when the port is taken. The process that has the data directory may be ending, and this port with it. */
export async function mustBeFree(config: Config): Promise<void> {
  await onceFree(async () => {
    const probe = createServer();
    await listen(probe, config);
    await new Promise((closed) => probe.close(closed));
  });
}

class PortTaken extends BadSetting {
  readonly mayEnd: boolean;

  constructor({ host, port }: Config, mayEnd: boolean) {
    super(`HEADGATE_PORT: ${port} on ${host} is taken by another program.`);
    this.mayEnd = mayEnd;
  }
}

function listen(server: Server, config: Config): Promise<void> {
  const { host, port, dataDir } = config;
  // Looked at first: whoever ends in between has let go of the port.
  const mayEnd = isHeldHere(dataDir);
  return new Promise((resolve, reject) => {
    server.once('error', ({ code }: NodeJS.ErrnoException) => {
      const isTaken = code === 'EADDRINUSE';
      if (isTaken) reject(new PortTaken(config, mayEnd));
      else reject(new BadSetting(`HEADGATE_HOST: cannot listen on ${host}:${port} (${code}).`));
    });
    server.listen(port, host, resolve);
  });
}

const LOOPBACK: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

function addressesOf(host: string, { address, port }: AddressInfo): Addresses {
  return { own: url(LOOPBACK[address] ?? address, port), shown: url(host in LOOPBACK ? 'localhost' : host, port) };
}

function url(host: string, port: number): string {
  return host.includes(':') ? `http://[${host}]:${port}` : `http://${host}:${port}`;
}

const STARTING = 'The gateway is starting.';

const WHILE_STARTING: Behind = {
  admin: (_: IncomingMessage, response: ServerResponse) => {
    const headers = { 'content-type': 'application/problem+json; charset=utf-8', 'retry-after': '1', connection: 'close' };
    response.writeHead(503, headers).end(JSON.stringify(renderProblem(new Problem(503, STARTING), requestId())));
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
  mayReadMetrics: async () => false,
  metrics: async () => '',
};
