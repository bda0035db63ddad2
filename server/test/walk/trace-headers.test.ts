import { afterEach, expect, test } from 'vitest';
import { createFakeProvider } from '../../src/providers/fake/fake-provider.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { openHouse } from '../support/walk.ts';

const PARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const HELLO = { model: 'fast', messages: [{ role: 'user', content: 'Hello' }] };

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** What the provider is told of a caller who says `headers`, where no traces are recorded. */
async function toldOf(headers: readonly string[]): Promise<readonly string[]> {
  const fake = createFakeProvider();
  let told: readonly string[] = [];
  const provider: Provider = {
    ...fake,
    open: (request, sink) => {
      told = request.forward;
      return fake.open(request, sink);
    },
  };
  const house = await openHouse({ provider });
  closers.push(() => house.close());
  expect((await house.ask(HELLO, { headers })).status).toBe(200);
  return told;
}

test('a caller’s trace goes on as it came', async () => {
  expect(await toldOf(['traceparent', PARENT, 'tracestate', 'vendor=value'])).toEqual([
    ...['traceparent', PARENT],
    ...['tracestate', 'vendor=value'],
  ]);
});

test.each([
  ['a malformed trace', ['traceparent', `${PARENT}\u0001`, 'tracestate', 'vendor=value']],
  ['a state without a trace', ['tracestate', 'vendor=value']],
  ['baggage', ['baggage', 'user=somebody']],
  ['whatever else', ['x-secret', 'value', 'cookie', 'a=b', 'b3', PARENT]],
])('%s stays here', async (_what, headers) => {
  expect(await toldOf(headers)).toEqual([]);
});
