/** What a client is told of the fields that a translation leaves out. */
import { expect, test } from 'vitest';
import { asking, type Setting } from '../support/scene.ts';
import { withScene } from '../support/with-house.ts';

const openScene = withScene();
const open = (setting: Setting = {}) => openScene({ speaks: 'anthropic-messages', ...setting });
const ASKED = { model: 'fast', max_tokens: 50, seed: 7, temperature: 1.5, messages: [{ role: 'user', content: 'hello' }] };
const ANSWER = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  content: [{ type: 'text', text: 'Hi.' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 9, output_tokens: 2 },
};

// promise: What is left out is named in `x-headgate-dropped`, in the decision and in the request's row.
test('an answer names what its request lacked, and so does its row', async () => {
  const now = await open();
  const { call, said, row } = asking(now, ASKED);
  (await call).json(ANSWER);
  expect((await said).headers['x-headgate-dropped']).toBe('seed,temperature');
  expect(await row()).toMatchObject({ status: 'succeeded', tried: [{ result: 'answered', dropped: ['seed', 'temperature'] }] });
});

test('so does a stream', async () => {
  const now = await open();
  const { call, said, row } = asking(now, { ...ASKED, stream: true });
  const { usage, ...message } = ANSWER;
  (await call).events(
    `event: message_start\ndata: ${JSON.stringify({ type: 'message_start', message: { ...message, content: [], usage } })}\n\n`,
    `event: message_delta\ndata: ${JSON.stringify({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage })}\n\n`,
    'event: message_stop\ndata: {"type":"message_stop"}\n\n',
  );
  (await call).end();
  expect((await said).headers['x-headgate-dropped']).toBe('seed,temperature');
  expect(await row()).toMatchObject({ status: 'succeeded', tried: [{ dropped: ['seed', 'temperature'] }] });
});

test('nothing is said of a request that loses nothing, translated or not', async () => {
  const now = await open();
  const { temperature: _temperature, seed: _seed, ...plain } = ASKED;
  const translated = asking(now, plain);
  (await translated.call).json(ANSWER);
  expect((await translated.said).headers['x-headgate-dropped']).toBeUndefined();
  expect(await translated.row()).toMatchObject({ tried: null });
  const native = asking(now, { ...ASKED, temperature: 1 }, { path: '/v1/messages' });
  (await native.call).json(ANSWER);
  expect((await native.said).headers['x-headgate-dropped']).toBeUndefined();
  expect(await native.row()).toMatchObject({ tried: null });
});

// promise: With `x-headgate-strict: on`, what would be dropped is refused by its name instead.
test('a strict client is refused by the name of the field, and nothing is sent', async () => {
  const now = await open();
  const { said, row } = asking(now, ASKED, { headers: ['x-headgate-strict', 'on'] });
  expect(await said).toMatchObject({ status: 400 });
  expect((await said).json().error).toMatchObject({ code: 'invalid_request', param: 'seed' });
  expect(await row()).toMatchObject({ status: 'failed', httpStatus: 400, param: 'seed', entries: [] });
  expect(now.played.calls).toHaveLength(0);
});

const REASONED = [
  { role: 'user', content: 'hello' },
  { type: 'reasoning', summary: [], encrypted_content: 'gAAAA' },
  { type: 'message', role: 'assistant', content: 'Hi.' },
  { role: 'user', content: 'and?' },
];
const SEALED = { error: { type: 'invalid_request_error', code: 'invalid_encrypted_content', message: 'Not yours.' } };
const RESPONSE = {
  id: 'resp_1',
  object: 'response',
  status: 'completed',
  output: [],
  usage: { input_tokens: 9, output_tokens: 1 },
};

// promise: Reasoning that an account cannot read is left out, and the request is sent once more.
test('reasoning of another account is left out once', async () => {
  const now = await open({ speaks: 'openai-responses' });
  const { call, said, row } = asking(now, { model: 'fast', input: REASONED }, { path: '/v1/responses' });
  (await call).json(SEALED, 400);
  const second = await now.played.call(1);
  expect(String(second.request.body)).not.toContain('gAAAA');
  expect(String(second.request.body)).toContain('and?');
  second.json(RESPONSE);
  expect((await said).headers['x-headgate-dropped']).toBe('input.encrypted_content');
  expect(await row()).toMatchObject({
    status: 'succeeded',
    attempts: 2,
    tried: [
      { result: 'error', next: 'retried' },
      { result: 'answered', dropped: ['input.encrypted_content'] },
    ],
  });
});

test('and only once', async () => {
  const now = await open({ speaks: 'openai-responses' });
  const { call, said } = asking(now, { model: 'fast', input: REASONED }, { path: '/v1/responses' });
  (await call).json(SEALED, 400);
  (await now.played.call(1)).json(SEALED, 400);
  expect((await said).status).toBe(400);
  expect(now.played.calls).toHaveLength(2);
});
