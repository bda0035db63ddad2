import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { requestId } from '../../lib/id.ts';
import { systemClock } from '../../lib/timing/clock.ts';
import { type Listening, openListener } from '../open-listener.ts';
import type { GatewayRequest, Reply } from '../request-reply.ts';

describe.each(['on', 'off'] as const)('with the fast lane %s', (fastLane) => {
  let listening: Listening;
  let port = 0;
  let served: GatewayRequest[] = [];
  let administered: string[] = [];
  let behave: (request: GatewayRequest, reply: Reply) => void;

  beforeAll(async () => {
    listening = openListener(fastLane, {
      clock: systemClock,
      bodyBytesMax: 1_000,
      requestId,
      allowedAt: (path) => (path === '/api/v1/keys' ? ['GET', 'HEAD'] : []),
      admin: (request, response) => {
        administered.push(request.url ?? '');
        response.end('admin');
      },
      serve: (request, reply) => {
        served.push(request);
        behave(request, reply);
      },
    });
    listening.server.listen(0, '127.0.0.1');
    await once(listening.server, 'listening');
    port = (listening.server.address() as AddressInfo).port;
  });
  afterAll(() => {
    listening.cut();
    listening.server.close();
  });
  beforeEach(() => {
    served = [];
    administered = [];
    behave = (_request, reply) => {
      reply.head(200, ['content-length', '2']);
      reply.end(Buffer.from('ok'));
    };
  });

  /** Sends `bytes`, and `later` after a first reply. Returns all that was received until the close, or `quietMs` later. */
  async function say(bytes: string, quietMs = 300, later = ''): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.write(bytes, 'latin1');
    if (later !== '') await once(socket, 'data').then(() => socket.write(later, 'latin1'));
    await Promise.race([once(socket, 'close'), new Promise((resolve) => setTimeout(resolve, quietMs))]);
    socket.destroy();
    return answer;
  }

  const post = (head: string, body = '') => `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n${head}\r\n${body}`;

  describe('what reaches the walk', () => {
    test('a body in one piece, in chunks and byte by byte is the same body', async () => {
      await say(post('content-length: 5\r\n', 'hello'));
      await say(post('transfer-encoding: chunked\r\n', '2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n'));
      expect(served.map(({ body }) => body.toString())).toEqual(['hello', 'hello']);
    });

    test('the path as it came, and the query apart', async () => {
      await say('GET /v1/..%2f//x?beta=true&a=1 HTTP/1.1\r\nhost: x\r\n\r\n');
      expect(served[0]).toMatchObject({ method: 'GET', path: '/v1/..%2f//x', query: 'beta=true&a=1' });
    });

    test('the admin plane takes /api and below by the raw prefix, and nothing that only looks like it', async () => {
      for (const path of ['/api', '/api/v1/x', '/apis', '/v1/../api/v1/x', '/%61pi/v1', '//api/v1'])
        await say(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
      expect(administered).toEqual(['/api', '/api/v1/x']);
      expect(served.map(({ path }) => path)).toEqual(['/apis', '/v1/../api/v1/x', '/%61pi/v1', '//api/v1']);
    });
  });

  describe('what never becomes a request', () => {
    const table: readonly (readonly [string, string, string])[] = [
      ['two different content-lengths', post('content-length: 5\r\ncontent-length: 6\r\n', 'hello!'), '400'],
      [
        'content-length and transfer-encoding at once',
        post('content-length: 5\r\ntransfer-encoding: chunked\r\n', '0\r\n\r\n'),
        '400',
      ],
      ['a bare CR in a header', post('x: a\rb: c\r\n'), '400'],
      ['a space before the colon', post('content-length : 5\r\n', 'hello'), '400'],
      ['a control character in a name', post('x\x01y: 1\r\n'), '400'],
      ['a negative content-length', post('content-length: -5\r\n', 'hello'), '400'],
      ['a chunk size that is no number', post('transfer-encoding: chunked\r\n', 'zz\r\nhi\r\n0\r\n\r\n'), '400'],
      ['no host', 'GET / HTTP/1.1\r\n\r\n', '400'],
      ['a head that is too large', post(`x: ${'a'.repeat(40_000)}\r\n`), '431'],
      ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', '400'],
    ];
    for (const [name, bytes, status] of table) {
      test(name, async () => {
        const answer = await say(bytes);
        expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
        expect(served).toEqual([]);
      });
    }

    test('it is answered in the error envelope with our request id, and the connection is closed', async () => {
      const answer = await say(post('x\x01y: 1\r\n'));
      expect(answer).toContain('connection: close');
      expect(answer).toMatch(/x-request-id: req_[0-9a-f]{32}/);
      const { error } = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));
      expect(error).toMatchObject({ code: 'invalid_request', type: 'invalid_request_error', param: null });
    });

    test.each([
      ['a head that is too large', `GET /api/v1/keys HTTP/1.1\r\nhost: x\r\nx: ${'a'.repeat(40_000)}\r\n\r\n`, 431],
      ['a control character in a name', 'GET /api/v1/keys HTTP/1.1\r\nhost: x\r\nx\x01y: 1\r\n\r\n', 400],
      ['no host', 'GET /api/v1/keys HTTP/1.1\r\n\r\n', 400],
      ['two hosts', 'GET /api/v1/keys HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n', 400],
      ['another expectation', 'POST /api/v1/keys HTTP/1.1\r\nhost: x\r\nexpect: tea\r\ncontent-length: 2\r\n\r\n{}', 400],
      ['a method that HTTP does not have', 'FETCH /api/v1/keys HTTP/1.1\r\nhost: x\r\n\r\n', 405],
    ])('below /api, %s is answered as a problem', async (_, bytes, status) => {
      const answer = await say(bytes);
      expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(answer).toContain('content-type: application/problem+json');
      const problem = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));
      expect(problem).toMatchObject({ type: 'about:blank', status, errors: [], request_id: expect.stringMatching(/^req_/) });
      expect([...answer.matchAll(/^allow: (.*)\r$/gm)].map((match) => match[1])).toEqual(status === 405 ? ['GET, HEAD'] : []);
      expect(administered).toEqual([]);
    });

    test('below /api, a head that is too large is a problem although its first line came long before', async () => {
      const answer = await say(
        'GET /api/v1/keys HTTP/1.1\r\nhost: x\r\n\r\n',
        600,
        `GET /api/v1/keys HTTP/1.1\r\nx: ${'a'.repeat(40_000)}`,
      );
      expect(answer.slice(answer.lastIndexOf('HTTP/1.1 '))).toMatch(/^HTTP\/1.1 431 [\s\S]*application\/problem\+json/);
    });

    test.each([
      ['/v1/chat/completions', '', { type: 'invalid_request_error', code: 'request_too_large' }],
      ['/v1/messages', '', { type: 'request_too_large' }],
      ['/v1/x', 'anthropic-version: 2023-06-01\r\n', { type: 'request_too_large' }],
      ['/cursor/v1/chat/completions', '', { type: 'invalid_request_error', code: 'request_too_large' }],
      ['/v1beta/models/x:generateContent', '', { code: 413, status: 'INVALID_ARGUMENT' }],
    ])('a refusal before the body of %s is in the dialect of its path', async (path, lines, expected) => {
      const answer = await say(`POST ${path} HTTP/1.1\r\nhost: x\r\n${lines}content-length: 2000\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1.1 413 /);
      expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)).error).toMatchObject(expected);
    });

    test('a body above the bound is 413, declared or not, and its rest is not taken for a next request', async () => {
      const smuggled = 'GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n';
      expect(await say(post('content-length: 2000\r\n', 'a'.repeat(2_000) + smuggled))).toMatch(
        /^HTTP\/1.1 413 [\s\S]*"request_too_large"/,
      );
      const chunk = `3e8\r\n${'a'.repeat(1_000)}\r\n`;
      expect(await say(post('transfer-encoding: chunked\r\n', `${chunk}${chunk}0\r\n\r\n${smuggled}`))).toMatch(
        /^HTTP\/1.1 413 /,
      );
      expect(served).toEqual([]);
    });
  });

  describe('bad bytes behind a request whose answer has begun', () => {
    for (const [name, bytes] of [
      ['that are no HTTP', 'nonsense\r\n\r\n'],
      ['that announce too large a body', post('content-length: 2000\r\n')],
      ['that ask for a tunnel', 'CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n'],
    ] as const) {
      test(`${name} are not answered in its middle`, async () => {
        behave = (_request, reply) => {
          reply.head(200, []);
          reply.chunk(Buffer.from('first'));
        };
        const answer = await say('GET /stream HTTP/1.1\r\nhost: x\r\n\r\n', 300, bytes);
        expect(answer).toMatch(/^HTTP\/1.1 200 [\s\S]*first\r\n$/);
        expect(answer.match(/HTTP\/1/g)).toHaveLength(1);
      });
    }
  });

  describe('a client that goes away', () => {
    test('before its answer is told of; after it is not', async () => {
      const events: string[] = [];
      behave = (request, reply) => {
        reply.onGone(() => events.push(`gone ${request.path}`));
        if (request.path === '/quick') {
          reply.head(200, ['content-length', '2']);
          reply.end(Buffer.from('ok'));
        }
      };
      await say('GET /slow HTTP/1.1\r\nhost: x\r\n\r\n', 50);
      await say('GET /quick HTTP/1.1\r\nhost: x\r\n\r\n', 50);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(events).toEqual(['gone /slow']);
    });

    test('a client that does not read pauses the answer, and reading on resumes it', async () => {
      let drained = false;
      const wrote = new Promise<boolean>((resolve) => {
        behave = (_request, reply) => {
          reply.head(200, []);
          reply.onDrained(() => {
            drained = true;
          });
          // More than the buffers of both sockets take.
          let last = true;
          for (let n = 0; n < 400; n += 1) last = reply.chunk(Buffer.alloc(64 * 1024));
          resolve(last);
        };
      });
      const socket = connect(port, '127.0.0.1');
      socket.pause();
      socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
      expect(await wrote).toBe(false);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(drained).toBe(false);
      socket.resume();
      await expect.poll(() => drained, { timeout: 15_000 }).toBe(true);
      socket.destroy();
    });
  });
});
