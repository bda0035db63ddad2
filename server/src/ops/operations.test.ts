import { expect, test } from 'vitest';
import type { GatewayRequest, Reply } from '../http/request-reply.ts';
import { type Operations, serveOperations } from './operations.ts';

const PAGE = { type: 'text/html; charset=utf-8', body: Buffer.from('the page'), brotli: null, etag: '"x"', isImmutable: false };
const BROWSER = 'text/html,application/xhtml+xml,*/*;q=0.8';

async function answerTo(accept: string | undefined, page: typeof PAGE | null, ifNoneMatch?: string) {
  const operations = {
    file: () => null,
    pageNotFound: () => page,
    strictTransport: null,
    requestId: () => 'req_1',
  } as Partial<Operations> as Operations;
  const given: Readonly<Record<string, string | undefined>> = { accept, 'if-none-match': ifNoneMatch };
  const request = { method: 'GET', path: '/no/such/page', header: (name: string) => given[name] };
  let status = 0;
  let headers: readonly string[] = [];
  let body = '';
  const reply = {
    head: (said: number, with_: readonly string[]) => {
      [status, headers] = [said, with_];
    },
    end: (said: Buffer | null) => {
      body = String(said);
    },
  };
  await serveOperations(request as Partial<GatewayRequest> as GatewayRequest, reply as Partial<Reply> as Reply, operations);
  return { status, body, headerNamed: (name: string) => headers[headers.indexOf(name) + 1] };
}

test('an unknown address is 404 and the console’s page for a browser, also if it has the page already', async () => {
  for (const known of [undefined, PAGE.etag]) {
    const { status, body, headerNamed } = await answerTo(BROWSER, PAGE, known);
    expect([status, body]).toEqual([404, 'the page']);
    expect(headerNamed('cache-control')).toBe('no-store');
    expect(headerNamed('content-security-policy')).toContain("default-src 'none'");
  }
});

test.each([
  ['a program', '*/*', PAGE],
  ['a script of a page', undefined, PAGE],
  ['a browser, from a process without the console', BROWSER, null],
])('it is an error in JSON for %s', async (_, accept, page) => {
  const { status, body } = await answerTo(accept, page);
  expect(status).toBe(404);
  expect(JSON.parse(body)).toMatchObject({ error: { message: expect.stringContaining('There is nothing at ') } });
});
