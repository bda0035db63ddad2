import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { testTransport } from '../../../test/support/upstream.ts';
import { systemClock as clock } from '../../lib/timing/clock.ts';
import { TokenFailure } from '../kept-token.ts';
import { machineKeys } from './machine-keys.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const END = new Date(Date.now() + 3_600_000).toISOString();
const KEYS = JSON.stringify({ AccessKeyId: 'ASIA1', SecretAccessKey: 'secret', Token: 'session', Expiration: END });
const TOKEN = { accessKeyId: 'ASIA1', secretAccessKey: 'secret', sessionToken: 'session' };

/** A service for keys on this machine, in the place of AWS's. */
async function service(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

function keys(env: Readonly<Record<string, string>>, origin: string, signal = new AbortController().signal) {
  const after = () => () => {};
  const deps = { transport: testTransport(), clock, after, isAmbientAllowed: true, tokenService: () => origin };
  return machineKeys('eu-central-1', signal, deps, env, { containers: origin, metadata: origin });
}

describe('the keys of the machine', () => {
  test('of EC2 are those of its role, asked for with a token of the metadata service', async () => {
    const { origin, seen } = await service((request, response) => {
      if (request.method === 'PUT') response.end('metadata-token');
      else if (request.headers['x-aws-ec2-metadata-token'] !== 'metadata-token') response.writeHead(401).end();
      else response.end(request.url?.endsWith('/') ? 'my-role' : KEYS);
    });
    const { token, lastsMs } = await keys({}, origin);
    expect(token).toEqual(TOKEN);
    expect(Math.abs(lastsMs - 3_600_000)).toBeLessThan(60_000);
    expect(seen).toEqual([
      'PUT /latest/api/token',
      'GET /latest/meta-data/iam/security-credentials/',
      'GET /latest/meta-data/iam/security-credentials/my-role',
    ]);
  });

  test('of a container come from its own address, with the token that it is given', async () => {
    const { origin, seen } = await service((request, response) => {
      const isKnown = request.url === '/relative' || request.headers.authorization === 'Basic own';
      response.writeHead(isKnown ? 200 : 403).end(KEYS);
    });
    expect((await keys({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/relative' }, origin)).token).toEqual(TOKEN);
    const full = { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${origin}/full` };
    await expect(keys(full, origin)).rejects.toThrow('answered 403');
    const directory = mkdtempSync(join(tmpdir(), 'headgate-keys-'));
    closers.push(() => rmSync(directory, { recursive: true }));
    writeFileSync(join(directory, 'token'), 'Basic own\n');
    const files = { ...full, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: join(directory, 'token') };
    expect((await keys(files, origin)).token).toEqual(TOKEN);
    expect(seen).toEqual(['GET /relative', 'GET /full', 'GET /full']);
  });

  test.each(['https://127.0.0.1/x', 'http://example.com/x', 'http://169.254.170.2.example.com/x', 'nonsense'])(
    'never come from %s',
    async (address) => {
      await expect(keys({ AWS_CONTAINER_CREDENTIALS_FULL_URI: address }, 'http://127.0.0.1:1')).rejects.toThrow(TokenFailure);
    },
  );

  test('may be those of a role, for a token that the platform mounts', async () => {
    const bodies: string[] = [];
    const { origin } = await service((request, response) => {
      request.on('data', (chunk: Buffer) => bodies.push(chunk.toString()));
      request.on('end', () =>
        response.end(
          `<AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>session</SessionToken><Expiration>${END}</Expiration>`,
        ),
      );
    });
    const directory = mkdtempSync(join(tmpdir(), 'headgate-keys-'));
    closers.push(() => rmSync(directory, { recursive: true }));
    const file = join(directory, 'token');
    writeFileSync(file, 'web-token');
    const env = { AWS_ROLE_ARN: 'arn:aws:iam::1:role/r', AWS_WEB_IDENTITY_TOKEN_FILE: file };
    expect((await keys(env, origin)).token).toEqual(TOKEN);
    const form = new URLSearchParams(bodies.join(''));
    expect([form.get('Action'), form.get('WebIdentityToken')]).toEqual(['AssumeRoleWithWebIdentity', 'web-token']);
    await expect(keys({ ...env, AWS_WEB_IDENTITY_TOKEN_FILE: join(directory, 'none') }, origin)).rejects.toThrow(TokenFailure);
  });

  test.each<[string, (request: IncomingMessage, response: ServerResponse) => void]>([
    ['says nothing', (_request, response) => response.end('')],
    ['says no JSON', (_request, response) => response.end('<html>')],
    ['fails', (_request, response) => response.writeHead(500).end('SECRET')],
    ['breaks off', (_request, response) => response.destroy()],
    ['never ends', (_request, response) => void response.write('x'.repeat(100_000))],
  ])('are none if the service %s, and no word of it is told', async (_name, answer) => {
    const { origin } = await service(answer);
    const asked = keys({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/x' }, origin);
    await expect(asked).rejects.toThrow(TokenFailure);
    await expect(asked).rejects.not.toThrow(/SECRET|xxx/);
  });

  test('are no longer waited for once the signal ends it', async () => {
    const { origin } = await service(() => {});
    const ending = new AbortController();
    const asked = keys({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/x' }, origin, ending.signal);
    setTimeout(() => ending.abort(), 20);
    await expect(asked).rejects.toThrow(TokenFailure);
  });
});
