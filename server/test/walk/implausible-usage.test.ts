/** A provider whose numbers cannot be: its answer is charged as an estimate, counted, and told of once a minute; nothing throws behind the border. */
import { describe, expect, test } from 'vitest';
import type { Wire } from '../../src/dialects/dialect.ts';
import type { createLogger } from '../../src/lib/log.ts';
import { createRequestLines } from '../../src/observe/request-lines.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { budget, readingsOf, wallClock } from '../support/policies.ts';
import type { House, WalkHouse } from '../support/walk.ts';
import { HELLO, withHouse } from '../support/with-house.ts';

const PLENTY = 1e12;
const ABSURD = '18446744073709551615';

const { open: openHouse, present } = withHouse();

const open = (plan: House): Promise<WalkHouse> =>
  openHouse({ key: { budgets: [budget(PLENTY)], rateLimits: { tpd: PLENTY } }, ...plan });

/** A provider that speaks one wire and says what it is told to. */
function saying(wire: Wire, whole: string, events: readonly string[]): Provider {
  return {
    name: 'fake',
    wireFor: () => wire,
    readError: () => {
      throw new Error('there is no error');
    },
    open: (request, sink) => {
      setImmediate(() => {
        sink.head(200, { 'content-type': request.stream ? 'text/event-stream' : 'application/json' });
        for (const said of request.stream ? events : [whole]) sink.data(Buffer.from(said));
        sink.end();
      });
      return { abort: () => {}, resume: () => {}, sent: true };
    },
  };
}

const chatUsage = `{"prompt_tokens":${ABSURD},"completion_tokens":3}`;
const chat = saying(
  'openai-chat',
  `{"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"twelve chars"},"finish_reason":"stop"}],"usage":${chatUsage}}`,
  [
    'data: {"choices":[{"index":0,"delta":{"content":"twelve chars"}}]}\n\n',
    `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":${chatUsage}}\n\n`,
    'data: [DONE]\n\n',
  ],
);
const message = (output: string) =>
  `{"id":"m","type":"message","role":"assistant","model":"x","content":[{"type":"text","text":"twelve chars"}],"stop_reason":"end_turn","usage":{"input_tokens":9,"output_tokens":${output}}}`;
const event = (type: string, rest: string) => `event: ${type}\ndata: {"type":"${type}"${rest}}\n\n`;
const messages = saying('anthropic-messages', message('-4'), [
  event('message_start', `,"message":{"id":"m","usage":{"input_tokens":9,"output_tokens":1}}`),
  event('content_block_start', ',"index":0,"content_block":{"type":"text","text":""}'),
  event('content_block_delta', ',"index":0,"delta":{"type":"text_delta","text":"twelve chars"}'),
  event('content_block_stop', ',"index":0'),
  event('message_delta', ',"delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":"many"}'),
  event('message_stop', ''),
]);

describe.each([
  ['an OpenAI answer within its dialect', chat, '/v1/chat/completions'],
  ['an OpenAI answer told as a message', chat, '/v1/messages'],
  ['an Anthropic answer within its dialect', messages, '/v1/messages'],
  ['an Anthropic answer told as a completion', messages, '/v1/chat/completions'],
] as const)('%s', (_, provider, path) => {
  // promise: **Provider numbers are foreign input.
  // promise: Each usage bucket is a whole number from 0 to 100,000,000
  test.each([false, true])('is charged as an estimate where its numbers cannot be (streamed: %s)', async (stream) => {
    const { ask, rows, gateway, counters } = await open({ provider });
    const said = await ask({ ...HELLO, stream }, { path });
    expect(said.status).toBe(200);
    expect(said.text).not.toContain(path === '/v1/messages' ? 'prompt_tokens' : 'input_tokens":');
    expect(rows).toMatchObject([{ status: 'estimated', entries: [{ kind: 'estimated' }] }]);
    const { input, output } = rows[0]?.entries[0]?.usage ?? {};
    expect(input).toBe(Math.ceil(JSON.stringify({ ...HELLO, stream }).length / 4));
    expect(output).toBeGreaterThanOrEqual(3);
    expect([...gateway.traffic.read().usageImplausible]).toEqual([['fake', 1]]);
    const [tpd, money] = Object.values(
      await readingsOf(present(), ['key', 'key_1'], { budgets: [budget(PLENTY)], rateLimits: { tpd: PLENTY } }),
    );
    expect([tpd, money]).toEqual([
      { used: (input ?? 0) + (output ?? 0), held: 0 },
      { used: rows[0]?.entries[0]?.nanoUsd, held: 0 },
    ]);
    expect(counters.inFlight()).toBe(0);
  });
});

test.each([false, true])('is charged and given though nobody can be told of it (streamed: %s)', async (stream) => {
  const lines = {
    note: () => {},
    usageImplausible: () => {
      throw new Error('the log is full');
    },
  };
  const { ask, rows, counters } = await open({ provider: chat, gateway: { lines }, expectsDefects: true });
  expect((await ask({ ...HELLO, stream })).status).toBe(200);
  expect(rows).toMatchObject([{ status: 'estimated', entries: [{ kind: 'estimated' }] }]);
  expect(counters.inFlight()).toBe(0);
});

test('is told of once a minute for each deployment, with how many more there were', () => {
  let nowMs = 5_000;
  const lines: object[] = [];
  const log = { warn: (fields: object) => lines.push(fields) } as unknown as ReturnType<typeof createLogger>;
  const { usageImplausible } = createRequestLines({ log, clock: { ...wallClock(0), monotonicMs: () => nowMs } });
  const one = { id: 'dep_1', provider: 'openai' } as const;
  for (let i = 0; i < 4; i += 1) usageImplausible(one, `req_${i}`);
  usageImplausible({ ...one, id: 'dep_2' }, 'req_5');
  nowMs += 60_000;
  usageImplausible(one, 'req_6');
  expect(lines).toEqual([
    { request_id: 'req_0', deployment_id: 'dep_1', provider: 'openai', left_out: 0 },
    { request_id: 'req_5', deployment_id: 'dep_2', provider: 'openai', left_out: 0 },
    { request_id: 'req_6', deployment_id: 'dep_1', provider: 'openai', left_out: 3 },
  ]);
});
