/** Whatever goes wrong once a provider was paid: it is settled once, then said, and nobody else notices. */

import { describe, expect, test } from 'vitest';
import type { MemoryCounters } from '../../src/counters/memory/memory-counters.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { methodsOf } from '../support/methods-of.ts';
import { budget, readingsOf } from '../support/policies.ts';
import { deployment, model, type WalkHouse } from '../support/walk.ts';
import { HELLO, withHouse } from '../support/with-house.ts';

const STREAMED = { ...HELLO, stream: true };
const PLENTY = 1e12;

const { open, present } = withHouse();

/** What the counters and the rows say of the key: settled once, nothing held. */
async function books({ rows, counters }: WalkHouse) {
  const policy = { rateLimits: { rpm: PLENTY }, budgets: [budget(PLENTY)] };
  const [rpm, money] = Object.values(await readingsOf(present(), ['key', 'key_1'], policy));
  const spent = rows.flatMap(({ entries }) => entries).reduce((sum, { nanoUsd }) => sum + (nanoUsd ?? 0), 0);
  expect({ rpm, money, inFlight: counters.inFlight() }).toEqual({
    rpm: { used: rows.length, held: 0 },
    money: { used: spent, held: 0 },
    inFlight: 0,
  });
  return spent;
}

const throws = () => {
  throw new Error('played');
};
const PACELESS = { answered: throws, perSecond: throws };
/** Begins a stream, and leaves it at that. */
const unending: Provider = {
  name: 'fake',
  wireFor: (client) => client,
  readError: throws,
  open: (_request, sink) => {
    setImmediate(() => {
      sink.head(200, { 'content-type': 'text/event-stream' });
      sink.data(Buffer.from('data: {"choices":[{"index":0,"delta":{"content":"Hello"}}]}\n\n'));
    });
    return { abort: () => {}, resume: () => {}, sent: true };
  },
};

const LIMITED = { rateLimits: { rpm: PLENTY }, budgets: [budget(PLENTY)] };

describe.each([
  ['whole', HELLO],
  ['streamed', STREAMED],
] as const)('an answer, %s', (_, body) => {
  // promise: **Settlement cannot throw.
  test('whose head cannot be said is settled once and answered with a 503', async () => {
    // An id that no header takes: ours never are, and that is what makes it a defect.
    const opened = await open({ key: { ...LIMITED, organizationId: 'org_ü' }, expectsDefects: true });
    const said = await opened.ask(body);
    expect([said.status, said.headers['x-request-id']]).toEqual([503, opened.rows[0]?.requestId]);
    expect(said.json().error).toMatchObject({ code: 'service_unavailable' });
    expect(opened.rows).toHaveLength(1);
    expect(opened.counters.inFlight()).toBe(0);
    expect(opened.rows[0]?.entries).toHaveLength(1);
    expect(opened.defects).toHaveLength(1);
  });

  test('whose words cannot be kept is charged and given all the same', async () => {
    const opened = await open({
      organization: { auditContent: 'full' },
      key: LIMITED,
      expectsDefects: true,
      gateway: {
        sealContent: () => {
          throw new Error('the key cannot be opened');
        },
      },
    });
    expect((await opened.ask(body)).status).toBe(200);
    expect(await books(opened)).toBeGreaterThan(0);
    expect(opened.rows[0]?.content).toBeNull();
    expect(opened.defects).toHaveLength(1);
  });

  test('whose settlement the counters throw at is answered, and so are all others of the same turn', async () => {
    let throws = true;
    const failing = (inner: MemoryCounters) => ({
      ...methodsOf(inner),
      settle: (...args: Parameters<MemoryCounters['settle']>) => {
        inner.settle(...args);
        if (throws) throw new RangeError('a defect');
        throws = true;
      },
    });
    const opened = await open({ key: LIMITED, counters: failing, expectsDefects: true });
    const said = await Promise.all(Array.from({ length: 6 }, () => opened.ask(body)));
    expect(said.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    throws = false;
    expect(await books(opened)).toBeGreaterThan(0);
    expect(opened.defects).toHaveLength(6);
  });

  test('whose pace cannot be remembered is charged and given all the same', async () => {
    const opened = await open({ key: LIMITED, expectsDefects: true, gateway: { pace: PACELESS } });
    expect((await opened.ask(body)).status).toBe(200);
    expect(opened.rows).toMatchObject([{ status: 'succeeded' }]);
    expect(await books(opened)).toBeGreaterThan(0);
    expect(opened.defects).toHaveLength(1);
  });

  test('that we fail to read is paid for as far as it came, and said to be our fault', async () => {
    const opened = await open({ key: LIMITED, expectsDefects: true, provider: unreadable });
    const said = await opened.ask(body);
    if (body === HELLO) expect([said.status, said.json().error.code]).toEqual([502, 'provider_error']);
    // A transfer that breaks off: the client cannot take it for a whole answer.
    else expect([said.status, opened.rows[0]?.status, opened.rows[0]?.code]).toEqual([200, 'failed', 'service_unavailable']);
    expect(await books(opened)).toBeGreaterThan(0);
    expect(opened.defects).toHaveLength(1);
  });

  test('under limits on names in any script has headers that are ASCII, and is charged', async () => {
    const name = '通义千问';
    const rateLimits = { rpm: 1, tpm: 100_000 };
    const opened = await open({
      targets: [model(name, [deployment()], { accessGroups: new Set(['beta']) })],
      key: LIMITED,
      team: {
        modelLimits: [
          { match: { is: 'exact', name }, rateLimits },
          { match: { is: 'prefix', prefix: '通义"\\%' }, rateLimits },
        ],
      },
    });
    const said = await opened.ask({ ...body, model: name });
    expect(said.status).toBe(200);
    expect(said.headers['ratelimit-policy']).toContain('"team;rpm;%E9%80%9A%E4%B9%89%E5%8D%83%E9%97%AE";q=1;w=60');
    const refused = await opened.ask({ ...body, model: name });
    expect([refused.status, refused.json().error.param]).toEqual([429, 'team_rpm']);
    expect(refused.headers.ratelimit).toContain(';r=0;');
    expect(opened.rows.map(({ status }) => status)).toEqual(['succeeded', 'refused']);
  });
});

test('a hang-up whose charge cannot be worked out is settled all the same, and holds nothing', async () => {
  const opened = await open({ key: LIMITED, expectsDefects: true, provider: unending, gateway: { pace: PACELESS } });
  await opened.ask(STREAMED, { hangUpWhen: new Promise((resolve) => setTimeout(resolve, 20)) });
  expect(opened.rows).toMatchObject([{ status: 'cancelled', httpStatus: 499 }]);
  expect(opened.gateway.traffic.inFlight()).toEqual([]);
  await books(opened);
  expect(opened.defects.length).toBeGreaterThan(0);
});

test('a defect before anything was held is a 503, and a defect in telling of it is none', async () => {
  const opened = await open({
    gateway: {
      defect: () => {
        throw new Error('nobody listens');
      },
      refused: () => {
        throw new Error('the row cannot be written');
      },
      random: () => {
        throw new Error('a defect');
      },
    },
  });
  expect((await opened.ask(HELLO, { secret: null })).status).toBe(401);
  expect((await opened.ask({ ...HELLO, model: 'no-such' })).status).toBe(404);
  expect((await opened.ask(HELLO)).status).toBe(200);
});

/** Says something that no reader of ours gets to: its reading throws what nobody foresaw. */
const unreadable: Provider = {
  name: 'fake',
  wireFor: (client) => client,
  readError: () => {
    throw new Error('there is no error');
  },
  open: (request, sink) => {
    const bytes = Buffer.from(request.stream ? 'data: {"choices":[]}\n\n' : '{"choices":[]}');
    // The first look at the bytes is the transport's, every later one is a reader's.
    const trap = Object.assign(bytes, {
      toString: () => {
        throw new TypeError('a defect of a reader');
      },
      indexOf: () => {
        throw new TypeError('a defect of a reader');
      },
      lastIndexOf: () => {
        throw new TypeError('a defect of a reader');
      },
    });
    setImmediate(() => {
      sink.head(200, { 'content-type': request.stream ? 'text/event-stream' : 'application/json' });
      sink.data(trap);
      sink.end();
    });
    return { abort: () => {}, resume: () => {}, sent: true };
  },
};
