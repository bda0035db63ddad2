import { afterEach, expect, test, vi } from 'vitest';
import { LargeBodies } from './large-bodies.ts';

const HEADERS = { betas: undefined, tags: undefined };
const body = () => Buffer.from(`{"model":"fast","messages":[{"role":"user","content":"${'x'.repeat(1_000_000)}"}]}`);
const read = (bodies: LargeBodies) => bodies.read(body(), 'openai-chat', HEADERS);

let bodies = new LargeBodies();
afterEach(async () => {
  vi.useRealTimers();
  await bodies.close();
  bodies = new LargeBodies();
});

test('closing refuses the body being read, the queued ones, and later ones', async () => {
  const asked = [read(bodies), read(bodies), read(bodies)].map((one) => one.catch((error: unknown) => error));
  await bodies.close();
  const refused = expect.objectContaining({ code: 'service_unavailable' });
  expect(await Promise.all(asked)).toEqual([refused, refused, refused]);
  await expect(read(bodies)).rejects.toMatchObject({ code: 'service_unavailable' });
});

test('a body that arrives while the idle thread is ending is read', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  for (let times = 0; times < 3; times += 1) {
    expect((await read(bodies)).result.ok).toBe(true);
    vi.advanceTimersByTime(30_000);
  }
});
