/** The forms of the OAuth endpoints: what they take, what they refuse, and how often. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { form, type LoginSite, openLoginSite } from './site.ts';

const MS_MAX = 180_000;
let site: LoginSite;

beforeAll(async () => {
  site = await openLoginSite();
}, MS_MAX);
afterAll(() => site?.stop(), MS_MAX);

describe('the OAuth endpoints', () => {
  const post = (path: string, body: string, type: string) =>
    fetch(`${site.gateway.base}/v1/oauth/${path}`, { method: 'POST', body, headers: { 'content-type': type } });

  test.each([
    ['an unknown grant', 'grant_type=password', 'application/x-www-form-urlencoded', 400, 'unsupported_grant_type'],
    ['no grant', 'x=1', 'application/x-www-form-urlencoded', 400, 'invalid_request'],
    ['a field twice', 'grant_type=a&grant_type=b', 'application/x-www-form-urlencoded', 400, 'invalid_request'],
    ['broken JSON', '{"grant_type":', 'application/json', 400, 'invalid_request'],
    ['a JSON list', '[]', 'application/json', 400, 'invalid_request'],
    ['another type', '<x/>', 'text/xml', 400, 'invalid_request'],
    ['a name that objects have', 'grant_type=constructor', 'application/x-www-form-urlencoded', 400, 'unsupported_grant_type'],
  ])('refuse %s in the form of OAuth', async (_, body, type, status, error) => {
    const answer = await post('token', body, type);
    const told = (await answer.json()) as { error: string; error_description: string };
    expect([answer.status, told.error, told.error_description.length > 10]).toEqual([status, error, true]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  test('take JSON too, ignore fields that they do not know, and refuse a body that is too large', async () => {
    const answer = await post('device', JSON.stringify({ device_name: 'j', later: { a: 1 }, scope: 'x' }), 'application/json');
    expect(answer.status).toBe(200);
    const large = await post('token', `grant_type=${'x'.repeat(70_000)}`, 'application/x-www-form-urlencoded');
    expect([400, 413]).toContain(large.status);
  });

  test('are found by the metadata, at one origin', async () => {
    const { base } = site.gateway;
    const metadata = (await (await fetch(`${base}/.well-known/oauth-authorization-server`)).json()) as Record<string, string>;
    expect(metadata).toMatchObject({
      issuer: base,
      device_authorization_endpoint: `${base}/v1/oauth/device`,
      token_endpoint: `${base}/v1/oauth/token`,
      revocation_endpoint: `${base}/v1/oauth/revoke`,
    });
  });

  test('let an address ask for so many devices in ten minutes, and no more', async () => {
    const statuses: number[] = [];
    for (let asked = 0; asked < 110; asked += 1) statuses.push((await form(site.gateway, 'device', {})).status);
    expect(statuses.at(-1)).toBe(429);
    expect(statuses.filter((status) => status === 429).length).toBeLessThan(60);
    // Nobody else waits for it: a login that is there is refreshed.
    expect((await form(site.gateway, 'token', { grant_type: 'password' })).status).toBe(400);
  });
});
