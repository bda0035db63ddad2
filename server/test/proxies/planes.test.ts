/** The configurations of `deploy/proxies` before one process of each role: each path reaches the plane to which it belongs. */
import https from 'node:https';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fleet } from '../prove/fleet.ts';
import type { Gateway } from '../prove/gateway.ts';
import { walkPlanes, walkThrough } from '../prove/plane-paths.ts';
import { startSplit } from '../prove/planes.ts';
import { makeKey, makeTenant } from '../prove/tenant.ts';
import { hasPostgres } from '../support/database.ts';
import { hasProxy, type ProxyKind, startProxy } from '../support/real-proxies.ts';
import { hasRedis } from '../support/redis.ts';
import { testCertificate } from '../support/tls-certificate.ts';

const MS_MAX = 120_000;
const KINDS: readonly ProxyKind[] = ['nginx', 'HAProxy'];

describe.skipIf(!hasPostgres() || !hasRedis('Redis'))('one process of each role', { timeout: MS_MAX }, () => {
  let fleet: Fleet;
  let secret: string;
  const portOf = (role: 'admin' | 'data') => (fleet.replicas[role === 'admin' ? 0 : 1] as Gateway).port;
  beforeAll(async () => {
    fleet = (await startSplit({ HEADGATE_TRUSTED_PROXIES: '127.0.0.1/32' })) as Fleet;
    const admin = fleet.replicas[0] as Gateway;
    secret = (await makeKey(admin, await makeTenant(admin))).secret;
  }, MS_MAX);
  afterAll(() => fleet?.stop(), MS_MAX);

  test.each(['admin', 'data'] as const)('answers the paths of the %s plane, and 404 to those of the other', async (role) => {
    const { asked, problems } = await walkPlanes({ port: portOf(role) }, role, secret);
    expect(problems).toEqual([]);
    expect(asked).toBeGreaterThan(300);
  });

  for (const kind of KINDS) {
    test.skipIf(!hasProxy(kind))(`${kind} passes each path on to its plane`, async () => {
      const proxy = await startProxy(kind, { behind: { data: portOf('data'), admin: portOf('admin') } });
      const { cert } = testCertificate;
      const { problems } = await walkThrough(
        { send: https.request, host: '127.0.0.1', port: proxy.port, ca: cert },
        secret,
      ).finally(() => proxy.stop());
      expect(problems).toEqual([]);
    });
  }
});
