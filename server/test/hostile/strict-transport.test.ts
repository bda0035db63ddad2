/** Where people come over https, every page and answer of the admin API says that they always shall. */
import { describe, expect, test } from 'vitest';
import type { GatewayRequest, Reply } from '../../src/http/request-reply.ts';
import { strictTransportOf } from '../../src/lib/strict-transport.ts';
import { type Operations, serveOperations } from '../../src/ops/operations.ts';
import { withAdmin } from '../admin/support.ts';
import { withDatabase } from '../support/database.ts';

const NAME = 'strict-transport-security';

describe('an installation that is reached over https', () => {
  const world = withAdmin(withDatabase(), { publicUrl: 'https://gateway.example' });

  test('says so with each answer of the admin API, refusals included', async () => {
    for (const path of ['/organizations', '/nothing', '/overview?to=0020-01-01T00:00:00Z'])
      expect((await world().root('GET', path)).headers[NAME]).toBe('max-age=31536000');
  });
});

describe('one that is not', () => {
  const world = withAdmin(withDatabase(), { publicUrl: 'http://gateway.example' });

  test('says nothing of it: a browser could not come back', async () => {
    expect((await world().root('GET', '/organizations')).headers[NAME]).toBeUndefined();
  });
});

test.each([
  ['https://gateway.example', 'max-age=31536000'],
  ['http://gateway.example', undefined],
  [null, undefined],
])('pages of %s', async (publicUrl, said) => {
  const file = { type: 'text/html', body: Buffer.from('x'), brotli: null, etag: '"x"', isImmutable: false };
  const operations = { file: () => file, strictTransport: strictTransportOf(publicUrl) } as Partial<Operations> as Operations;
  const request = { method: 'GET', path: '/', header: () => undefined } as Partial<GatewayRequest> as GatewayRequest;
  let headers: readonly string[] = [];
  const head = (_status: number, given: string[]) => {
    headers = given;
  };
  const reply = { head, end: () => {} };
  await serveOperations(request, reply as Partial<Reply> as Reply, operations);
  const at = headers.indexOf(NAME);
  expect(at < 0 ? undefined : headers[at + 1]).toBe(said);
});
