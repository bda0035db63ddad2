/** Streams that come as fast as they are taken, many at once: each has its share of a turn of the event loop, and so has everybody else. */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createOpenAiProvider } from '../../src/providers/openai/openai-provider.ts';
import { createTransport } from '../../src/upstream/transport.ts';
import { heldWhile } from '../support/event-loop.ts';
import { postBytes } from '../support/raw-http.ts';
import { type ServedHouse, serveHouse } from '../support/served-house.ts';
import { policyAllowing } from '../support/upstream.ts';
import { startVendorThread } from '../support/vendor-thread.ts';
import { deployment, model } from '../support/walk.ts';

const STREAMS = 20;
const HELD_MS_MAX = 50;

describe.each(['on', 'off'] as const)('with the fast lane %s', (fastLane) => {
  let vendor: Awaited<ReturnType<typeof startVendorThread>>;
  let house: ServedHouse;

  beforeAll(async () => {
    vendor = await startVendorThread();
    const transport = createTransport({ policy: policyAllowing(), client: fastLane === 'on' ? 'plain' : 'full' });
    const credential = { id: 'cred_1', provider: 'openai', baseUrl: `${vendor.base}/v1`, apiKey: 'sk-test' } as never;
    const target = model('flood', [deployment({ provider: 'openai', model: 'flood', upstreamModel: 'flood:64', credential })]);
    house = await serveHouse({ provider: createOpenAiProvider({ transport }), targets: [target] }, undefined, fastLane);
  });
  afterAll(async () => {
    await house.close();
    await vendor.close();
  });

  // promise: No answer holds it either
  test(`${STREAMS} streams whose clients do not read hold the event loop for less than ${HELD_MS_MAX} ms`, async () => {
    const ask = postBytes(
      '/v1/chat/completions',
      house.secret,
      JSON.stringify({ model: 'flood', stream: true, messages: [{ role: 'user', content: 'Hi.' }] }),
    );
    let held = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < 3 && held > HELD_MS_MAX; tries += 1) {
      const sockets: Socket[] = [];
      const { heldMs } = await heldWhile(async () => {
        for (let at = 0; at < STREAMS; at += 1) {
          const socket = connect(house.port, '127.0.0.1').on('error', () => {});
          socket.pause();
          socket.write(ask);
          sockets.push(socket);
        }
        await sleep(2_000);
      });
      for (const socket of sockets) socket.destroy();
      held = heldMs;
    }
    expect(held).toBeLessThan(HELD_MS_MAX);
  }, 30_000);
});
