import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { planeOf } from '../../src/domain/planes.ts';
import type { Patience } from '../../src/http/node/listener.ts';
import { openListener } from '../../src/http/open-listener.ts';
import { addressHolders } from '../../src/lib/address/address-holder.ts';
import { ANSWERED, type BufferBounds, BufferedBytes } from '../../src/lib/buffered-bytes.ts';
import { requestId } from '../../src/lib/id.ts';
import { Spool, type SpoolOptions } from '../../src/lib/spool/spool.ts';
import { systemClock } from '../../src/lib/timing/clock.ts';
import { type Operations, serveOperations } from '../../src/ops/operations.ts';
import { serveDataPlane } from '../../src/proxy/data-plane.ts';
import { judgeHead } from '../../src/proxy/head.ts';
import { formBytesMaxAt } from '../../src/proxy/spool/form-paths.ts';
import { type House, openHouse, type WalkHouse } from './walk.ts';

/** A house behind the product's own listener, on a free port: real sockets and real framing, still no database. */
export interface ServedHouse extends WalkHouse {
  readonly port: number;
  /** Paths the control plane was asked for; here it only says so. */
  readonly administered: readonly string[];
  /** What bodies take of memory. */
  readonly buffered: BufferedBytes;
  /** What large forms take of the disk. */
  readonly spool: Spool;
  readonly spoolDirectory: string;
}

/** How large forms are served, where a test cares. */
export interface Spooling extends Partial<SpoolOptions> {
  readonly formBytesMax?: number;
}

const BODY_BYTES_MAX = 32 * 1024 * 1024;
const BOUNDS: BufferBounds = { bytesMax: 256 * 1024 * 1024, shareMax: 64 * 1024 * 1024 };

export async function serveHouse(
  plan: House = {},
  patience?: Patience,
  fastLane: 'on' | 'off' = 'on',
  bounds: BufferBounds = BOUNDS,
  { formBytesMax = BODY_BYTES_MAX, ...spooling }: Spooling = {},
): Promise<ServedHouse> {
  const house = await openHouse(plan);
  const administered: string[] = [];
  const operations: Operations = {
    notReady: () => null,
    coldCounters: () => house.counters.cold(),
    metrics: async () => '',
    strictTransport: null,
    mayReadMetrics: async () => false,
    file: () => null,
    pageNotFound: () => null,
    requestId,
  };
  const buffered = new BufferedBytes(bounds);
  const spoolDirectory = spooling.directory ?? join(house.journalDirectory, 'spool');
  const spool = new Spool({ bytesMax: 2 ** 33, ...spooling, directory: spoolDirectory });
  await spool.open();
  const heads = { buffered, bodyBytesMax: BODY_BYTES_MAX, formBytesMax, spool, holderOf: addressHolders([]) };
  const { server, cut } = openListener(fastLane, {
    clock: systemClock,
    bodyBytesMax: BODY_BYTES_MAX,
    formBytesMaxAt: (path) => formBytesMaxAt(path, formBytesMax),
    requestId,
    ...(patience === undefined ? {} : { patience }),
    admin: (request, response) => {
      administered.push(request.url ?? '');
      response.writeHead(404).end();
    },
    serve: (request, reply) => {
      if (planeOf(request.path) === 'data') serveDataPlane(request, reply, house.gateway);
      else void serveOperations(request, reply, operations);
    },
    judge: (request, reply) => {
      if (planeOf(request.path) === 'data') return judgeHead(request, reply, house.gateway, heads);
      void serveOperations(request, reply, operations);
      return ANSWERED;
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    ...house,
    port: (server.address() as AddressInfo).port,
    administered,
    buffered,
    spool,
    spoolDirectory,
    close: async () => {
      cut();
      server.close();
      await house.close();
    },
  };
}
