import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DnsServer, startDnsServer } from '../../test/support/dns-server.ts';
import { createTxtLookup } from './txt-lookup.ts';

describe('a lookup of TXT records', () => {
  let dns: DnsServer;
  beforeAll(async () => {
    dns = await startDnsServer();
  });
  afterAll(() => dns.close());
  const lookUp = (name: string) => createTxtLookup({ servers: [dns.address], attemptMs: 200 })(name, 'org_a');

  test('returns values whole, also those in several parts', async () => {
    dns.set('_headgate.acme.test', ['v=spf1 -all', ` headgate-verify=${'x'.repeat(300)}`]);
    expect(await lookUp('_headgate.acme.test')).toEqual({
      is: 'found',
      values: ['v=spf1 -all', `headgate-verify=${'x'.repeat(300)}`],
    });
  });

  test.each([['nxdomain'], ['nodata']] as const)('says that there is none for %s', async (answer) => {
    dns.set('gone.test', answer);
    expect(await lookUp('gone.test')).toEqual({ is: 'none' });
  });

  test.each([
    ['servfail', 'SERVFAIL'],
    ['refused', 'refused'],
    ['silent', 'in time'],
    ['garbage', ''],
  ] as const)('proves nothing for %s', async (answer, words) => {
    dns.set('sick.test', answer);
    expect(await lookUp('sick.test')).toEqual({ is: 'failed', reason: expect.stringContaining(words) });
  });

  test('proves nothing if no server is there', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address();
    socket.close();
    const answer = await createTxtLookup({ servers: [`127.0.0.1:${port}`], attemptMs: 100 })('acme.test', 'org_a');
    expect(answer.is).toBe('failed');
  });

  test('gives one organization four lookups at a time, and others theirs', async () => {
    dns.set('slow.test', 'silent');
    dns.set('fine.test', ['here']);
    const bounded = createTxtLookup({ servers: [dns.address], attemptMs: 200 });
    const all = await Promise.all([
      ...Array.from({ length: 5 }, () => bounded('slow.test', 'org_a')),
      bounded('fine.test', 'org_b'),
    ]);
    expect(all.filter((one) => one.is === 'failed' && one.reason.includes('too many'))).toHaveLength(1);
    expect(all[5]).toEqual({ is: 'found', values: ['here'] });
    expect(await bounded('fine.test', 'org_a')).toEqual({ is: 'found', values: ['here'] });
  });
});
