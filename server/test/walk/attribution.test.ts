/** What requests say about their origin, from the socket to the row. */
import { describe, expect, test } from 'vitest';
import { PSEUDONYM } from '../../src/domain/usage/attribution.ts';
import type { AskOptions } from '../support/walk.ts';
import { HELLO, withHouse } from '../support/with-house.ts';

const { open } = withHouse();
const KEPT = { organization: { endUsers: 'kept' } } as const;

const said = (...headers: string[]): AskOptions => ({ headers });

async function originOf(body: object, options: AskOptions = {}, plan: object = KEPT) {
  const one = await open(plan);
  await one.ask({ ...HELLO, ...body }, options);
  return { ...one.rows[0]?.attribution, status: one.rows[0]?.status };
}

describe('the end user', () => {
  const claudeCode = JSON.stringify({ device_id: 'dev-1', account_uuid: 'acc-1', session_id: 's' });
  const all = { safety_identifier: 'safe', user: 'user', metadata: { user_id: 'meta' } };

  // promise: A request may name its end user
  test.each([
    ['the header is first', all, said('x-headgate-end-user', 'header', 'x-openwebui-user-id', 'webui'), 'header'],
    ['then safety_identifier', all, said('x-openwebui-user-id', 'webui'), 'safe'],
    ['then user', { user: 'user', metadata: { user_id: 'meta' } }, {}, 'user'],
    ['then metadata.user_id', { metadata: { user_id: 'meta' } }, said('x-openwebui-user-id', 'webui'), 'meta'],
    ['the account of Claude Code', { metadata: { user_id: claudeCode } }, {}, 'acc-1'],
    ['then the header of Open WebUI', {}, said('x-openwebui-user-id', 'webui'), 'webui'],
    ['a blank one is none', { safety_identifier: ' ', user: 'user' }, said('x-headgate-end-user', ' '), 'user'],
    ['what is no text is none', { safety_identifier: 7, user: ['x'], metadata: 'x' }, {}, null],
    ['any script, in a body', { user: 'Łucja 李 👩🏽' }, {}, 'Łucja 李 👩🏽'],
    ['any script, in a header', {}, said('x-headgate-end-user', Buffer.from('Łucja 李').toString('latin1')), 'Łucja 李'],
    ['128 characters', { user: 'x'.repeat(128) }, {}, 'x'.repeat(128)],
    ['nobody', {}, {}, null],
  ])('%s', async (_name, body, options, endUser) => {
    expect(await originOf(body, options)).toMatchObject({ endUser });
  });

  test('of 129 characters is stored as its pseudonym', async () => {
    expect((await originOf({ user: 'x'.repeat(129) })).endUser).toMatch(PSEUDONYM);
  });

  test('is a pseudonym unless the organization keeps it, the same each time and another for another name', async () => {
    const one = await open({});
    for (const user of ['alice', 'alice', 'bob', undefined]) await one.ask({ ...HELLO, user });
    const [first, again, other, nobody] = one.rows.map(({ attribution }) => attribution?.endUser);
    expect(first).toMatch(PSEUDONYM);
    expect(again).toBe(first);
    expect(other).toMatch(PSEUDONYM);
    expect(other).not.toBe(first);
    expect(nobody).toBeNull();
  });

  test('is nothing if the organization stores none, and a change of that counts from the next request', async () => {
    const one = await open({ organization: { endUsers: 'off' } });
    await one.ask({ ...HELLO, user: 'alice' }, said('user-agent', 'curl/8.7.1'));
    await one.change({ organization: { endUsers: 'kept' } });
    await one.ask({ ...HELLO, user: 'alice' });
    expect(one.rows.map(({ attribution }) => attribution)).toEqual([
      { endUser: null, session: null, client: 'curl' },
      { endUser: 'alice', session: null, client: null },
    ]);
  });

  // promise: **Who is served is attribution, and never admits.**
  test('does not admit what is refused without it, and is on the row of the refusal', async () => {
    expect(await originOf({ model: 'nobody', user: 'alice' })).toMatchObject({ endUser: 'alice', status: 'refused' });
  });
});

test.each([
  ['x-headgate-session first', { prompt_cache_key: 'cache' }, said('x-headgate-session', 'mine', 'session-id', 'codex'), 'mine'],
  ['then the cache key', { prompt_cache_key: 'cache' }, said('session-id', 'codex'), 'cache'],
  ['then those of agents', {}, said('x-claude-code-session-id', 'claude'), 'claude'],
  ['none', {}, {}, null],
])('the session: %s', async (_name, body, options, session) => {
  expect(await originOf(body, options)).toMatchObject({ session });
});

// promise: A session is stored as end users are
test.each([
  ['hashed', {}, PSEUDONYM],
  ['off', { organization: { endUsers: 'off' } }, null],
  ['kept', KEPT, 'alice@example.com'],
])('a session is stored as end users are: %s', async (_name, plan, stored) => {
  const { session } = await originOf({ prompt_cache_key: 'alice@example.com' }, {}, plan);
  if (stored instanceof RegExp) expect(session).toMatch(stored);
  else expect(session).toBe(stored);
});

test('the client is that of the user agent, and Cursor’s by its path', async () => {
  expect(await originOf({}, said('user-agent', 'OpenAI/Python 2.24.0'))).toMatchObject({ client: 'openai-python' });
  expect(await originOf({}, said('user-agent', 'mine/1'))).toMatchObject({ client: null });
});
