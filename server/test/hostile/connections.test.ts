/** One address cannot have all connections, and all together have a bound. */
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { ConnectionBounds } from '../../src/http/connection-bounds.ts';
import { openListener } from '../../src/http/open-listener.ts';
import { addressHolders } from '../../src/lib/address/address-holder.ts';
import { requestId } from '../../src/lib/id.ts';
import { systemClock } from '../../src/lib/timing/clock.ts';
import { exchangeRaw, postBytes } from '../support/raw-http.ts';

describe.each(['on', 'off'] as const)('with the fast lane %s', (fastLane) => {
  const closers: (() => void)[] = [];
  afterEach(() => {
    for (const close of closers.splice(0).reverse()) close();
  });

  async function open(max: number, each: number, trusted: readonly string[] = []): Promise<number> {
    const { server, cut } = openListener(fastLane, {
      clock: systemClock,
      bodyBytesMax: 1_000,
      requestId,
      connections: { max, bounds: new ConnectionBounds(each, addressHolders(trusted)) },
      admin: (_request, response) => void response.end(),
      serve: (_request, reply) => {
        reply.head(200, ['content-length', '2']);
        reply.end(Buffer.from('ok'));
      },
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(() => {
      cut();
      server.close();
    });
    return (server.address() as AddressInfo).port;
  }

  /** The status of one request on a connection that stays open; 0: it was closed. */
  async function ask(port: number): Promise<{ readonly socket: Socket; readonly status: number }> {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    closers.push(() => socket.destroy());
    return { socket, status: (await exchangeRaw(socket, postBytes('/v1/x', null, '{}'))).status };
  }

  async function statuses(port: number, connections: number): Promise<number[]> {
    const found: number[] = [];
    for (let at = 0; at < connections; at += 1) found.push((await ask(port)).status);
    return found;
  }

  test('an address has so many, and one more when one has ended', async () => {
    const port = await open(100, 3);
    const first = await ask(port);
    expect(first.status).toBe(200);
    expect(await statuses(port, 4)).toEqual([200, 200, 0, 0]);
    first.socket.destroy();
    await expect.poll(async () => (await ask(port)).status).toBe(200);
  });

  test('a proxy that is trusted has no bound but that of all', async () => {
    const port = await open(5, 3, ['127.0.0.0/8']);
    expect(await statuses(port, 7)).toEqual([200, 200, 200, 200, 200, 0, 0]);
  });
});
