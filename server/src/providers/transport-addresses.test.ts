import type { LookupAddress } from 'node:dns';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { testCertificate } from '../../test/support/tls-certificate.ts';
import { ask, policyAllowing, post, testTransport, upstream } from '../../test/support/upstream.ts';

/** Returns a name server that answers each look-up of any name with the next list, and then repeats the last one. */
function nameServer(...answers: string[][]) {
  const asked: string[] = [];
  const resolve = (name: string, callback: (error: Error | null, addresses: readonly LookupAddress[]) => void) => {
    asked.push(name);
    const addresses = (answers.length > 1 ? answers.shift() : answers[0]) ?? [];
    setImmediate(() =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      ),
    );
  };
  return { asked, resolve };
}

const portOf = (origin: string) => new URL(origin).port;

describe('at connect', () => {
  it('an address literal the policy refuses is never connected to, and nothing is sent', async () => {
    const there = await upstream((_request, response) => response.end());
    const over = testTransport({ policy: policyAllowing('') });
    for (const host of ['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '169.254.169.254']) {
      const heard = await ask(over, post(`http://${host}:${portOf(there.origin)}`));
      expect(heard.failure).toMatchObject({ kind: 'refused_address', sent: false });
      expect(heard.failure?.message).not.toContain(host);
    }
    expect(there.opened()).toBe(0);
    expect(over.stats().size).toBe(0);
  });

  it('a public name that resolves to a refused address is never connected to', async () => {
    const there = await upstream((_request, response) => response.end());
    for (const answer of [['127.0.0.1'], ['::ffff:127.0.0.1'], ['10.0.0.1', '127.0.0.1']]) {
      const over = testTransport({ policy: policyAllowing(''), resolve: nameServer(answer).resolve });
      const heard = await ask(over, post(`http://provider.example:${portOf(there.origin)}`));
      expect(heard.failure).toMatchObject({ kind: 'refused_address', sent: false });
    }
    expect(there.opened()).toBe(0);
  });

  it('a name that resolved well and then elsewhere is refused when it connects again', async () => {
    const there = await upstream((_request, response) => response.writeHead(200, { connection: 'close' }).end('x'));
    let now = 0;
    const names = nameServer(['127.0.0.1'], ['127.0.0.2']);
    const clock = { nowMs: () => now, monotonicMs: () => now };
    const over = testTransport({ policy: policyAllowing('127.0.0.1'), resolve: names.resolve, clock });
    const request = post(`http://provider.example:${portOf(there.origin)}`);
    expect((await ask(over, request)).body).toBe('x');
    now += 60_000;
    expect((await ask(over, request)).failure).toMatchObject({ kind: 'refused_address', sent: false });
  });

  it('of several addresses only the allowed ones are tried', async () => {
    const there = await upstream((_request, response) => response.end('x'));
    const names = nameServer(['10.0.0.1', '::1', '127.0.0.1']);
    const over = testTransport({ policy: policyAllowing('127.0.0.1'), resolve: names.resolve });
    expect((await ask(over, post(`http://provider.example:${portOf(there.origin)}`))).body).toBe('x');
  });

  it('lookups of one name at once are one lookup, kept for a few seconds', async () => {
    const there = await upstream((_request, response) => response.writeHead(200, { connection: 'close' }).end('x'));
    const names = nameServer(['127.0.0.1']);
    const over = testTransport({ resolve: names.resolve });
    const request = post(`http://provider.example:${portOf(there.origin)}`);
    await Promise.all(Array.from({ length: 20 }, () => ask(over, request)));
    await ask(over, request);
    expect(names.asked).toEqual(['provider.example']);
  });

  it('a name without an address is not connected', async () => {
    const over = testTransport({ resolve: nameServer([]).resolve });
    expect((await ask(over, post('http://provider.example'))).failure).toMatchObject({ kind: 'not_connected', sent: false });
  });
});

describe('over TLS', () => {
  const servers: { close(): void; closeAllConnections(): void }[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  async function tlsUpstream(): Promise<string> {
    const server = createTlsServer(testCertificate, (request, response) => {
      request.resume();
      request.on('end', () => (request.url === '/reset' ? request.socket.destroy() : response.end('x')));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.push(server);
    return String((server.address() as AddressInfo).port);
  }

  it('a provider is served when its certificate is trusted and names the host', async () => {
    const port = await tlsUpstream();
    const over = testTransport({ ca: testCertificate.cert, resolve: nameServer(['127.0.0.1']).resolve });
    expect((await ask(over, post(`https://127.0.0.1:${port}`))).body).toBe('x');
    expect((await ask(over, post(`https://provider.test:${port}`, { body: Buffer.alloc(3_000_000) }))).body).toBe('x');
    expect((await ask(over, post(`https://provider.test:${port}`, { path: '/reset' }))).failure).toMatchObject({
      kind: 'reset',
      sent: true,
    });
  });

  it('a provider whose certificate is not trusted, or names another host, gets nothing', async () => {
    const port = await tlsUpstream();
    const untrusting = testTransport({ resolve: nameServer(['127.0.0.1']).resolve });
    expect((await ask(untrusting, post(`https://provider.test:${port}`))).failure).toMatchObject({
      kind: 'not_connected',
      sent: false,
    });
    const trusting = testTransport({ ca: testCertificate.cert, resolve: nameServer(['127.0.0.1']).resolve });
    expect((await ask(trusting, post(`https://other.test:${port}`))).failure).toMatchObject({
      kind: 'not_connected',
      sent: false,
    });
  });
});
