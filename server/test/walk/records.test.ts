import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { requestId, requestTimeMs } from '../../src/lib/id.ts';
import { createFakeProvider } from '../../src/providers/fake/fake-provider.ts';
import { gatedProvider } from '../support/gated-provider.ts';
import { methodsOf } from '../support/methods-of.ts';
import { wallClock } from '../support/policies.ts';
import { deployment, model, type WalkHouse } from '../support/walk.ts';
import { withHouse } from '../support/with-house.ts';

const HELLO = { model: 'fast', max_tokens: 50, messages: [{ role: 'user', content: 'hello CANARY' }] };
const NOON = Date.parse('2026-07-23T12:00:00Z');

const { open, present } = withHouse();

/** Everything that is in the journal's files at this instant. */
function onDisk(): string {
  const { journalDirectory } = present();
  const files = readdirSync(journalDirectory).map((name) => readFileSync(join(journalDirectory, name), 'latin1'));
  return files.join('');
}

const occurrences = (text: string, part: string) => text.split(part).length - 1;

describe('what is written when', () => {
  // promise: `begin` (request id, hold, scopes) is written before the upstream call, `end` before the client's last byte.
  test.each(['whole', 'streamed'])(
    'a begin is in the file before the provider is asked, an end before a %s answer has ended',
    async (how) => {
      const fake = createFakeProvider();
      const seen: string[] = [];
      const { ask, rows } = await open({
        provider: {
          ...fake,
          open: (request, sink) => {
            seen.push(onDisk());
            return fake.open(request, sink);
          },
        },
      });
      const answered = await ask({ ...HELLO, stream: how === 'streamed' }).then((said) => ({ said, written: onDisk() }));
      const id = answered.said.headers['x-request-id'] as string;
      expect(answered.said.status).toBe(200);
      expect(seen).toHaveLength(1);
      for (const part of [id, 'org_1', 'team_1', 'key_1']) expect(seen[0]).toContain(part);
      expect([occurrences(seen[0] as string, id), occurrences(answered.written, id)]).toEqual([1, 2]);
      expect(rows[0]?.requestId).toBe(id);
    },
  );

  test.each(['whole', 'streamed'])(
    'counters hear what was used when the row of a %s answer is in the file, and before it has ended',
    async (how) => {
      const seen: string[] = [];
      const { ask } = await open({
        counters: (counters) => ({
          ...methodsOf(counters),
          settle: (...given) => {
            seen.push(onDisk());
            return counters.settle(...given);
          },
        }),
      });
      const said = await ask({ ...HELLO, stream: how === 'streamed' });
      expect(seen.map((written) => occurrences(written, said.headers['x-request-id'] as string))).toEqual([2]);
    },
  );

  // promise: journal full: 503
  test('while the journal is full nothing that costs money begins, and the caller is told to come again', async () => {
    const { ask, journal, upstreamCalls } = await open();
    journal.room = () => false;
    const said = await ask(HELLO);
    expect([said.status, said.json().error.code, said.headers['retry-after']]).toEqual([503, 'service_unavailable', '1']);
    expect(upstreamCalls()).toBe(0);
  });
});

describe('request ids', () => {
  // promise: `x-request-id` is always ours (a caller must not be able to choose the ledger's identity); a caller's
  test('are ours whatever the caller sends; the caller’s own is stored and echoed where it is harmless', async () => {
    const { ask, rows } = await open();
    const theirs = requestId();
    const said = await ask(HELLO, { headers: ['x-request-id', theirs, 'request-id', theirs, 'x-client-request-id', 'mine-1'] });
    expect(said.headers['x-request-id']).toMatch(/^req_/);
    // The time in front is the admission's in any case; nothing behind it may be theirs.
    expect(said.headers['x-request-id']?.slice(16)).not.toBe(theirs.slice(16));
    expect(said.headers['request-id']).toBe(said.headers['x-request-id']);
    expect(said.headers['x-client-request-id']).toBe('mine-1');
    expect(rows[0]).toMatchObject({ requestId: said.headers['x-request-id'], clientRequestId: 'mine-1' });
    const odd = await ask(HELLO, { headers: ['x-client-request-id', `${'x'.repeat(129)}`] });
    expect([odd.headers['x-client-request-id'], rows[1]?.clientRequestId]).toEqual([undefined, null]);
  });

  // promise: Request ids are `req_` + UUIDv7; the id's own time is `admitted_at`, the partition key.
  test('carry the instant of the admission, by the counters’ own clock', async () => {
    const { ask, rows } = await open({ clock: wallClock(NOON) });
    await ask(HELLO);
    expect(rows[0]?.requestId).toMatch(/^req_[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
    expect([rows[0]?.admittedAtMs, requestTimeMs(rows[0]?.requestId as string)]).toEqual([NOON, NOON]);
  });
});

describe('what is on its way', () => {
  const HELD = { targets: [model('fast', [deployment({ upstreamModel: 'fake-slow' })])] };

  test('is known by whose it is until it is settled, answered or hung up on; a refused request is not among it', async () => {
    const { provider, waiting, open: release } = gatedProvider();
    const { ask, gateway } = await open({ ...HELD, provider, organization: { rateLimits: { max_parallel: 2 } } });
    const whose = () => [...gateway.traffic.inFlight()].map(({ charged }) => [charged.keyId, charged.calledName]);
    const answered = ask(HELLO);
    const hungUpOn = ask(HELLO, { hangUpWhen: waiting(2) });
    await waiting(1);
    expect(whose()).toContainEqual(['key_1', 'fast']);
    await hungUpOn;
    expect(whose()).toEqual([['key_1', 'fast']]);
    release();
    expect((await answered).status).toBe(200);
    expect(whose()).toEqual([]);
    await ask({ ...HELLO, model: 'no-such' });
    expect(whose()).toEqual([]);
  });
});

describe('what is left of a request', () => {
  // promise: Unknown keys are counted in metrics, not logged one by one
  test('of an unknown key nothing but a count; of a known one a row, refused ones too', async () => {
    const { ask, rows, gateway } = await open({ key: { status: { is: 'disabled' } } });
    await ask(HELLO, { secret: 'sk-hg-nonsense' });
    await ask(HELLO, { secret: null });
    expect(rows).toEqual([]);
    expect((await ask(HELLO)).status).toBe(403);
    expect(rows).toMatchObject([{ status: 'refused', code: 'key_disabled' }]);
    expect([...gateway.traffic.read().requests]).toEqual([
      ['chat_completions|unknown_key|invalid_api_key', 2],
      ['chat_completions|refused|key_disabled', 1],
    ]);
  });

  // promise: Ledger rows carry the called name.
  test('its row and with it its ledger entries carry the name that was called', async () => {
    const { ask, rows } = await open();
    await ask(HELLO);
    expect(rows[0]).toMatchObject({ calledName: 'fast', entries: [{ upstreamModel: 'fake-small' }] });
  });

  // promise: while the store is away an id it does not hold is 503, not 404.
  test('a decision that memory does not hold is 404 when the store does not either, and 503 while nobody can know', async () => {
    const path = `/v1/decisions/${requestId()}`;
    const get = (one: WalkHouse) => one.ask(null, { path, method: 'GET' });
    expect((await get(await open())).status).toBe(404);
    const away = await open({ gateway: { decisions: { find: () => Promise.reject(new Error('away')) } } });
    expect((await get(away)).json().error.code).toBe('service_unavailable');
  });
});

describe('content', () => {
  const TOOLS = [{ type: 'function', function: { name: 'look_up', parameters: { type: 'object', properties: {} } } }];

  async function keptOf(auditContent: 'off' | 'metadata' | 'full', stream: boolean): Promise<string | null> {
    const { ask, rows } = await open({ organization: { auditContent } });
    expect((await ask({ ...HELLO, tools: TOOLS, stream })).status).toBe(200);
    const kept = rows[0]?.content?.toString() ?? null;
    return kept;
  }

  // promise: `audit.content`: `off` (default: log row only), `metadata` (adds roles, sizes, tool names), `redacted` (text after named rules), `full`.
  test.each([false, true])('is kept as the organization’s policy says and no further (streamed: %s)', async (stream) => {
    expect(await keptOf('off', stream)).toBeNull();
    const metadata = (await keptOf('metadata', stream)) as string;
    expect(metadata).not.toContain('CANARY');
    expect(JSON.parse(metadata)).toMatchObject({
      mode: 'metadata',
      request: { messages: [{ role: 'user', bytes: JSON.stringify('hello CANARY').length }], tools: ['look_up'] },
      response: { bytes: expect.any(Number) },
    });
    const full = JSON.parse((await keptOf('full', stream)) as string);
    expect(JSON.parse(full.request)).toMatchObject({ messages: HELLO.messages });
    expect(full.response).toContain(stream ? 'data: [DONE]' : '"choices"');
  });
});
