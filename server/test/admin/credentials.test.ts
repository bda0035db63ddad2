import { eq } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import { UnsealFailure } from '../../src/lib/secrets.ts';
import * as schema from '../../src/store/schema.ts';
import { openKey, sealKey } from '../../src/store/sealing/key-seal.ts';
import { onOneDatabase } from '../support/database.ts';
import { freshName, makeDeployment, upstream } from './catalogue-support.ts';
import { must, withAdmin } from './support.ts';

const SECRET = 'sk-canary-0123456789abcdef';

onOneDatabase('credentials', (given) => {
  const world = withAdmin(given, { upstream });
  const make = async (more: object = {}) => {
    const body = { name: freshName('cred'), provider: 'openai', api_key: SECRET, base_url: null, ...more };
    return must(await world().root('POST', '/credentials', body));
  };

  test('a key is sealed for its own row and address, and never shown again, only its last four characters', async () => {
    const { root, deps, logged } = world();
    const answer = await root('POST', '/credentials', {
      name: freshName('cred'),
      provider: 'openai',
      api_key: SECRET,
      base_url: null,
    });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ id: expect.stringMatching(/^cred_/), last_four: 'cdef', base_url: null, version: 1 });
    const [row] = await deps.db.select().from(schema.credentials).where(eq(schema.credentials.id, answer.body.id));
    if (row === undefined) throw new Error('it was not stored');
    expect(row.sealedFor).toBe('address');
    expect(openKey(deps.keys.credentials, row)).toBe(SECRET);
    for (const changed of [
      { id: 'cred_other' },
      { baseUrl: 'https://evil.example' },
      { provider: 'anthropic' },
      { sealedFor: 'row' as const },
    ])
      expect(() => openKey(deps.keys.credentials, { ...row, ...changed })).toThrow(UnsealFailure);
    const said = [answer, await root('GET', `/credentials/${answer.body.id}`), await root('GET', '/credentials')];
    for (const { text } of said) expect(text).not.toContain(SECRET);
    const events = await deps.db.select().from(schema.auditEvents).where(eq(schema.auditEvents.objectId, answer.body.id));
    expect(events.map((event) => event.action)).toEqual(['credential.create']);
    expect(JSON.stringify([events, logged, row])).not.toContain(SECRET);
  });

  test('of a short key not even the last characters are shown', async () => {
    expect((await make({ api_key: 'sk-short' })).last_four).toBe('');
  });

  test('rotating replaces the key, is an event of its own, and wants the version when one is named', async () => {
    const { root, deps, changes } = world();
    const { id } = await make();
    const rotated = await root('PATCH', `/credentials/${id}`, { api_key: 'sk-other-0123456789abcdef' }, { 'if-match': '"1"' });
    expect(rotated.body).toMatchObject({ last_four: 'cdef', version: 2 });
    expect(changes.at(-1)).toMatchObject({ catalogue: true });
    const stale = await root('PATCH', `/credentials/${id}`, { name: 'x' }, { 'if-match': '"1"' });
    expect(stale.status).toBe(412);
    const events = await deps.db.select().from(schema.auditEvents).where(eq(schema.auditEvents.objectId, id));
    expect(events.map((event) => event.action)).toEqual(['credential.create', 'credential.rotate']);
  });

  test('one that a deployment uses is not deleted', async () => {
    const { root } = world();
    const { id } = await make();
    const deployment = await makeDeployment(root, freshName(), {
      provider: 'openai',
      upstream_model: 'gpt-5-nano',
      credential_id: id,
    });
    expect((await root('GET', `/credentials/${id}`)).body.deployment_count).toBe(1);
    expect((await root('DELETE', `/credentials/${id}`)).status).toBe(409);
    must(await root('DELETE', `/deployments/${deployment.id}`));
    expect((await root('DELETE', `/credentials/${id}`)).status).toBe(204);
    expect((await root('GET', `/credentials/${id}`)).status).toBe(404);
  });

  test('a taken name is 409', async () => {
    const first = await make();
    const second = await world().root('POST', '/credentials', { name: first.name, provider: 'openai', api_key: SECRET });
    expect(second.status).toBe(409);
  });

  describe('is refused with 400 and kept nowhere', () => {
    const faults: [string, object, string][] = [
      ['a metadata address', { base_url: 'http://169.254.169.254/latest/meta-data' }, '/base_url'],
      ['a metadata name', { base_url: 'http://metadata.google.internal/v1' }, '/base_url'],
      ['a private address', { base_url: 'http://10.0.0.7/v1' }, '/base_url'],
      ['loopback', { base_url: 'http://127.0.0.1:9/v1' }, '/base_url'],
      ['a public address without TLS', { base_url: 'http://models.example.com/v1' }, '/base_url'],
      ['an address in decimal', { base_url: 'http://2130706433/v1' }, '/base_url'],
      ['an address in octal', { base_url: 'http://0177.0.0.1/v1' }, '/base_url'],
      ['an IPv4 address in IPv6', { base_url: 'http://[::ffff:10.0.0.7]/v1' }, '/base_url'],
      ['another scheme', { base_url: 'file:///etc/passwd' }, '/base_url'],
      ['credentials in the address', { base_url: 'https://a:b@api.openai.com/v1' }, '/base_url'],
      ['a key that breaks a header', { api_key: 'sk-a\r\nx: y' }, '/api_key'],
      ['an empty key', { api_key: '' }, '/api_key'],
      ['an unknown provider', { provider: 'acme' }, '/provider'],
      ['the fake provider, which needs none', { provider: 'fake' }, '/provider'],
      ['an unknown field', { key: 'x' }, '/key'],
      ['a name that turns the text around', { name: 'a\u202eb' }, '/name'],
    ];
    for (const [what, more, pointer] of faults) {
      test(what, async () => {
        const { root } = world();
        const name = freshName('refused');
        const answer = await root('POST', '/credentials', { name, provider: 'openai', api_key: SECRET, ...more });
        expect(answer.status).toBe(400);
        expect(answer.body.errors.map((fault: { pointer: string }) => fault.pointer)).toContain(pointer);
        expect(answer.text).not.toContain(SECRET);
        expect((await root('GET', `/credentials?search=${name}`)).body.total).toBe(0);
      });
    }
  });

  describe('that was stored without TLS', () => {
    const stored = async () => {
      const { id } = await make({ base_url: 'https://models.example.com/v1' });
      const row = eq(schema.credentials.id, id);
      await world().deps.db.update(schema.credentials).set({ baseUrl: 'http://models.example.com/v1' }).where(row);
      return id;
    };

    // promise: A public upstream begins with `https://`; one that was stored
    test('is shown as a risk, and one that is listed is none', async () => {
      const { root } = world();
      expect(must(await root('GET', `/credentials/${await stored()}`)).risks).toEqual(['plain_http']);
      expect((await make({ base_url: 'https://models.example.com/v1' })).risks).toEqual([]);
      expect((await make({ base_url: 'http://vllm.internal:8000/v1' })).risks).toEqual([]);
      expect((await make()).risks).toEqual([]);
    });

    // promise: A public upstream begins with `https://`; one that was stored
    test('is called as before, where it is stored and nowhere else', async () => {
      const { root, deps } = world();
      const [id, baseUrl] = [await stored(), 'http://models.example.com/v1'];
      const sealed = await sealKey(deps.db, deps.keys.credentials, { id, provider: 'openai', baseUrl }, SECRET);
      await deps.db.update(schema.credentials).set(sealed).where(eq(schema.credentials.id, id));
      expect(must(await root('GET', `/credentials/${id}/models`)).models).toEqual(['gpt-5', 'gpt-5-nano']);
      const check = (base_url: string) => root('POST', '/credentials/check', { provider: 'openai', credential_id: id, base_url });
      expect(must(await check(baseUrl)).ok).toBe(true);
      expect((await check('http://other.example.com/v1')).body.errors[0].pointer).toBe('/base_url');
    });

    // promise: A public upstream begins with `https://`; one that was stored
    test('is refused when it is saved again, until its address has TLS', async () => {
      const { root } = world();
      const id = await stored();
      const kept = 'http://models.example.com/v1';
      for (const body of [
        { name: freshName('x') },
        { base_url: kept },
        { api_key: SECRET },
        { api_key: SECRET, base_url: kept },
      ]) {
        const answer = await root('PATCH', `/credentials/${id}`, body);
        expect([answer.status, answer.body.errors]).toEqual([
          400,
          [{ pointer: '/base_url', message: expect.stringContaining('https://') }],
        ]);
      }
      const changed = must(
        await root('PATCH', `/credentials/${id}`, { api_key: SECRET, base_url: 'https://models.example.com/v1' }),
      );
      expect([changed.risks, changed.version]).toEqual([[], 2]);
    });
  });

  describe('another address', () => {
    // promise: **A stored provider key goes to the address it was given for**
    test.each([
      ['another host', 'https://b.example/v1'],
      ['another port', 'https://a.example:8443/v1'],
      ['the vendor itself', null],
    ])('needs the key again: %s', async (_, base_url) => {
      const { root } = world();
      const { id } = await make({ base_url: 'https://a.example/v1' });
      const refused = await root('PATCH', `/credentials/${id}`, { base_url });
      expect([refused.status, refused.body.errors?.[0]?.pointer]).toEqual([400, '/api_key']);
      expect(must(await root('GET', `/credentials/${id}`))).toMatchObject({ base_url: 'https://a.example/v1', version: 1 });
      const moved = must(await root('PATCH', `/credentials/${id}`, { base_url, api_key: 'sk-other-0123456789abcdef' }));
      expect(moved).toMatchObject({ base_url, version: 2 });
      const [row] = await world().deps.db.select().from(schema.credentials).where(eq(schema.credentials.id, id));
      expect(openKey(world().deps.keys.credentials, row as NonNullable<typeof row>)).toBe('sk-other-0123456789abcdef');
    });

    test('of the same host and port keeps the key', async () => {
      const { root, deps } = world();
      const { id } = await make({ base_url: 'https://a.example/v1' });
      must(await root('PATCH', `/credentials/${id}`, { base_url: 'https://a.example:443/v2' }));
      const [row] = await deps.db.select().from(schema.credentials).where(eq(schema.credentials.id, id));
      expect(openKey(deps.keys.credentials, row as NonNullable<typeof row>)).toBe(SECRET);
    });
  });

  test('only the platform sees or changes them', async () => {
    const owner = world().as([{ role: 'org_owner', organizationId: 'org_1' }]);
    const auditor = world().as([{ role: 'platform_auditor' }]);
    const { id } = await make();
    expect((await owner('GET', '/credentials')).status).toBe(403);
    expect((await owner('GET', `/credentials/${id}`)).status).toBe(403);
    expect((await auditor('GET', `/credentials/${id}`)).status).toBe(200);
    expect((await auditor('PATCH', `/credentials/${id}`, { name: 'x' })).status).toBe(403);
    expect((await auditor('DELETE', `/credentials/${id}`)).status).toBe(403);
  });
});
