/** Credentials of every kind at the admin API: what each takes, what it shows, and how a secret is replaced beside the one before. */
import { generateKeyPairSync } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import type { CredentialConfig } from '../../src/domain/routing/credential.ts';
import type { CredentialRow } from '../../src/store/catalogue/credentials.ts';
import * as schema from '../../src/store/schema.ts';
import { openStored } from '../../src/store/sealing/stored-credential.ts';
import { onOneDatabase } from '../support/database.ts';
import { freshName, makeDeployment, upstream } from './catalogue-support.ts';
import { must, withAdmin } from './support.ts';

const pemOf = (modulusLength: number) =>
  generateKeyPairSync('rsa', { modulusLength }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const PEM = pemOf(2_048);
const KEY_FILE = {
  type: 'service_account',
  project_id: 'acme-prod',
  private_key_id: '0123456789abcdef0123456789abcdef0123cafe',
  private_key: PEM,
  client_email: 'headgate@acme-prod.iam.gserviceaccount.com',
  token_uri: 'https://oauth2.googleapis.com/token',
};
const AWS = {
  kind: 'aws_static',
  access_key_id: 'AKIAIOSFODNN7EXAMPLE',
  secret_access_key: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYcanary01',
};
const ENTRA = {
  kind: 'azure_entra',
  tenant: 'acme.onmicrosoft.com',
  client_id: '0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9',
  client_secret: 'abc8Q~canary-0123456789wxyz',
};
const BEDROCK = { provider: 'bedrock', settings: { region: 'eu-central-1' } };
const VERTEX = { provider: 'vertex', settings: { project: 'acme-prod', location: 'europe-west4' } };
const AZURE = { provider: 'azure', base_url: 'https://acme.openai.azure.com' };

/** Each kind as it is created, the last four that are shown, and the texts that nobody may see again. */
const KINDS: readonly (readonly [string, object, string, readonly string[]])[] = [
  ['api_key', { provider: 'cohere', api_key: 'co-canary-0123456789abcd' }, 'abcd', ['co-canary-0123456789abcd']],
  ['api_key', { ...AZURE, api_key: 'az-canary-0123456789abce', settings: { api_version: '2024-10-21' } }, 'abce', ['az-canary']],
  [
    'aws_static',
    { ...BEDROCK, kind: 'aws_static', secret: { ...AWS, role_arn: 'arn:aws:iam::123456789012:role/x' } },
    'MPLE',
    ['wJalrX'],
  ],
  ['aws_bearer', { ...BEDROCK, kind: 'aws_bearer', api_key: 'ABSKcanary0123456789wxyz' }, 'wxyz', ['ABSKcanary']],
  ['azure_entra', { ...AZURE, kind: 'azure_entra', secret: ENTRA }, 'wxyz', ['abc8Q~canary']],
  [
    'gcp_service_account',
    { ...VERTEX, kind: 'gcp_service_account', secret: { kind: 'gcp_service_account', key_file: KEY_FILE } },
    'cafe',
    ['BEGIN PRIVATE', PEM.split('\n')[1] as string],
  ],
  ['ambient', { ...BEDROCK, kind: 'ambient' }, '', []],
];

onOneDatabase('credentials of every kind', (given) => {
  const asked: CredentialConfig[] = [];
  const listModels = async (credential: CredentialConfig) => {
    asked.push(credential);
    return { ok: true, models: ['m'] } as const;
  };
  const world = withAdmin(given, { upstream: { ...upstream, listModels } });
  const create = (body: object) => world().root('POST', '/credentials', { name: freshName('cred'), ...body });
  const rowOf = async (id: string) =>
    (await world().deps.db.select().from(schema.credentials).where(eq(schema.credentials.id, id)))[0] as CredentialRow;
  const opened = async (id: string, atMs = world().deps.clock.nowMs()) =>
    openStored(await rowOf(id), { key: world().deps.keys.credentials, ambientClouds: new Set(['aws']) }, atMs);
  const eventsOf = async (id: string) =>
    world().deps.db.select().from(schema.auditEvents).where(eq(schema.auditEvents.objectId, id)).orderBy(schema.auditEvents.at);

  test.each(KINDS)(
    '%s of %j is stored, shown without its secret, and opened for calls',
    async (kind, body, lastFour, canaries) => {
      const { root, deps, logged } = world();
      const made = await create(body);
      expect(made.status).toBe(201);
      const { provider, settings = {}, base_url = null } = body as { provider: string; settings?: object; base_url?: string };
      expect(made.body).toMatchObject({ provider, kind, settings, base_url, last_four: lastFour, previous_secret: null });
      const { id } = made.body;
      const listed = await root('POST', '/credentials/check', { provider, credential_id: id });
      expect(listed.body).toMatchObject({ ok: true });
      expect(asked.at(-1)).toEqual(await opened(id));
      const said = [made, listed, await root('GET', `/credentials/${id}`), await root('GET', '/credentials?limit=200')];
      const row = await rowOf(id);
      const written = JSON.stringify([await eventsOf(id), logged, { ...row, sealed: row.sealed?.toString('latin1') }]);
      for (const canary of canaries) {
        for (const { text } of said) expect(text).not.toContain(canary);
        expect(written).not.toContain(canary);
      }
      expect(deps.upstream.ambientClouds.has('aws')).toBe(true);
    },
  );

  test('a key file may also be given as text, and both are stored alike', async () => {
    const secret = { kind: 'gcp_service_account', key_file: JSON.stringify(KEY_FILE) };
    const { id } = must(await create({ ...VERTEX, kind: 'gcp_service_account', secret }));
    expect((await opened(id)).secret).toMatchObject({ clientEmail: KEY_FILE.client_email, privateKey: PEM });
  });

  const file = (change: object) => ({
    ...VERTEX,
    kind: 'gcp_service_account',
    secret: { kind: 'gcp_service_account', key_file: { ...KEY_FILE, ...change } },
  });
  const FAULTS: readonly (readonly [string, object, string, RegExp?])[] = [
    ['bedrock without a kind', { ...BEDROCK, api_key: 'sk-0123456789' }, '/kind', /aws_static, aws_bearer or ambient/],
    ['openai with a kind of AWS', { provider: 'openai', kind: 'aws_static', secret: AWS }, '/kind'],
    ['an unknown kind', { provider: 'openai', kind: 'oauth', api_key: 'sk-0123456789' }, '/kind'],
    ['bedrock without a region', { provider: 'bedrock', kind: 'aws_static', secret: AWS }, '/settings/region'],
    [
      'a region that leads elsewhere',
      { ...BEDROCK, kind: 'aws_static', settings: { region: 'x.evil.test/' }, secret: AWS },
      '/settings/region',
    ],
    [
      'a project that leaves its path',
      { ...VERTEX, settings: { project: '../x', location: 'eu' }, kind: 'ambient' },
      '/settings/project',
    ],
    [
      'a location that is a host',
      { ...VERTEX, settings: { project: 'acme-prod', location: 'evil.test#' }, kind: 'ambient' },
      '/settings/location',
    ],
    [
      'a setting of another provider',
      { provider: 'openai', api_key: 'sk-0123456789', settings: { region: 'eu-central-1' } },
      '/settings/region',
    ],
    [
      'an unknown setting',
      { ...BEDROCK, settings: { region: 'eu-central-1', host: 'x' }, kind: 'aws_static', secret: AWS },
      '/settings/host',
    ],
    ['azure without a base URL', { provider: 'azure', api_key: 'az-0123456789' }, '/base_url', /openai\.azure\.com/],
    ['no secret', { ...BEDROCK, kind: 'aws_static' }, '/secret', /required/],
    ['a key in place of a secret', { ...BEDROCK, kind: 'aws_static', api_key: 'sk-0123456789' }, '/api_key'],
    ['both', { ...BEDROCK, kind: 'aws_static', api_key: 'sk-0123456789', secret: AWS }, '/api_key'],
    ['a secret in place of a key', { ...BEDROCK, kind: 'aws_bearer', secret: AWS }, '/secret'],
    ['a secret of another kind', { ...BEDROCK, kind: 'aws_static', secret: ENTRA }, '/secret/kind'],
    ['a secret with an unknown field', { ...BEDROCK, kind: 'aws_static', secret: { ...AWS, url: 'x' } }, '/secret/url'],
    [
      'a tenant that leaves its path',
      { ...AZURE, kind: 'azure_entra', secret: { ...ENTRA, tenant: 'common/../x' } },
      '/secret/tenant',
    ],
    [
      'a role that is none',
      { ...BEDROCK, kind: 'aws_static', secret: { ...AWS, role_arn: 'arn:aws:iam::1:user/x' } },
      '/secret/role_arn',
    ],
    ['a file that names programs', file({ type: 'external_account' }), '/secret/key_file/type', /URLs and programs/],
    ['a file with another token_uri', file({ token_uri: 'https://evil.test/token' }), '/secret/key_file/token_uri'],
    ['a file with a key that is none', file({ private_key: PEM.replace('MII', 'AAA') }), '/secret/key_file/private_key', /RSA/],
    ['a file with a weak key', file({ private_key: pemOf(1_024) }), '/secret/key_file/private_key', /2048/],
    [
      'a file that is no JSON',
      { ...VERTEX, kind: 'gcp_service_account', secret: { kind: 'gcp_service_account', key_file: '{x' } },
      '/secret/key_file',
    ],
    ['ambient with a key', { ...BEDROCK, kind: 'ambient', api_key: 'sk-0123456789' }, '/api_key'],
    [
      'ambient of a cloud that the setting does not name',
      { ...VERTEX, kind: 'ambient' },
      '/kind',
      /HEADGATE_AMBIENT_CREDENTIALS does not name gcp/,
    ],
    [
      'ambient sent to another host',
      { ...BEDROCK, kind: 'ambient', base_url: 'https://x.execute-api.eu-central-1.amazonaws.com' },
      '/base_url',
      /sent to no other/,
    ],
  ];
  for (const [what, body, pointer, words = /./] of FAULTS)
    test(`is refused with 400 and its field: ${what}`, async () => {
      const name = freshName('refused');
      const answer = await create({ ...body, name });
      expect([answer.status, answer.body.errors?.[0]?.pointer]).toEqual([400, pointer]);
      expect(answer.body.errors[0].message).toMatch(words);
      expect(answer.text).not.toMatch(/canary|wJalr|MII|evil/);
      expect((await world().root('GET', `/credentials?search=${name}`)).body.total).toBe(0);
    });

  test('a host that the operator lists may get the identity of the machine', async () => {
    must(await create({ ...BEDROCK, kind: 'ambient', base_url: 'http://vllm.internal:8000' }));
  });

  test('a deployment takes a credential of its provider', async () => {
    const { id } = must(await create({ ...BEDROCK, kind: 'aws_static', secret: AWS }));
    const at = { provider: 'bedrock', upstream_model: 'anthropic.claude-sonnet-4', credential_id: id };
    await makeDeployment(world().root, freshName(), at);
    expect(must(await world().root('GET', `/credentials/${id}`)).deployment_count).toBe(1);
  });

  test('an unsaved credential of any kind can be tried', async () => {
    const body = { ...BEDROCK, kind: 'aws_static', secret: AWS };
    expect(must(await world().root('POST', '/credentials/check', body))).toMatchObject({ ok: true });
    expect(asked.at(-1)).toMatchObject({
      kind: 'aws_static',
      settings: { region: 'eu-central-1' },
      secret: { accessKeyId: AWS.access_key_id },
    });
    const moved = await world().root('POST', '/credentials/check', {
      ...BEDROCK,
      kind: 'ambient',
      base_url: 'https://evil.test',
    });
    expect([moved.status, moved.body.errors?.[0]?.pointer]).toEqual([400, '/base_url']);
  });

  describe('another address', () => {
    test('needs the secret again: another region is another host, another project is not', async () => {
      const { root } = world();
      const aws = must(await create({ ...BEDROCK, kind: 'aws_static', secret: AWS }));
      const refused = await root('PATCH', `/credentials/${aws.id}`, { settings: { region: 'us-east-1' } });
      expect([refused.status, refused.body.errors?.[0]?.pointer]).toEqual([400, '/secret']);
      const moved = must(await root('PATCH', `/credentials/${aws.id}`, { settings: { region: 'us-east-1' }, secret: AWS }));
      expect(moved).toMatchObject({ settings: { region: 'us-east-1' }, previous_secret: null });
      const check = await root('POST', '/credentials/check', { ...BEDROCK, credential_id: aws.id });
      expect([check.status, check.body.errors?.[0]?.pointer]).toEqual([400, '/secret']);
      const key_file = { kind: 'gcp_service_account', key_file: KEY_FILE };
      const gcp = must(await create({ ...VERTEX, kind: 'gcp_service_account', secret: key_file }));
      const settings = { ...VERTEX.settings, project: 'acme-test' };
      expect(must(await root('PATCH', `/credentials/${gcp.id}`, { settings }))).toMatchObject({ settings });
      expect((await opened(gcp.id)).settings).toEqual(settings);
    });

    test('of the machine’s identity is bound to its row as well', async () => {
      const { id } = must(await create({ ...BEDROCK, kind: 'ambient' }));
      must(await world().root('PATCH', `/credentials/${id}`, { settings: { region: 'us-east-1' } }));
      expect((await opened(id)).settings).toEqual({ region: 'us-east-1' });
    });

    // promise: The replaced one never goes to another address.
    test('never gets the secret before', async () => {
      const { root } = world();
      const { id } = must(await create({ provider: 'openai', api_key: 'sk-first-0123456789', base_url: 'https://a.example/v1' }));
      const to = { base_url: 'https://b.example/v1', api_key: 'sk-second-0123456789' };
      const refused = await root('PATCH', `/credentials/${id}`, { ...to, keep_previous_hours: 1 });
      expect([refused.status, refused.body.errors?.[0]?.pointer]).toEqual([400, '/keep_previous_hours']);
      expect(must(await root('PATCH', `/credentials/${id}`, to)).previous_secret).toBeNull();
      expect((await opened(id)).other ?? null).toBeNull();
    });
  });

  describe('a new secret', () => {
    const HOUR_MS = 3_600_000;
    const [FIRST, SECOND, THIRD] = ['sk-first-0123456789', 'sk-second-012345678', 'sk-third-0123456789'];
    const made = async () => must(await create({ provider: 'openai', api_key: FIRST })) as { id: string };
    const patch = (id: string, body: object) => world().root('PATCH', `/credentials/${id}`, body);

    // promise: **A replaced provider secret still counts beside the new one**
    test('keeps the one before beside it for a day, or as long as was said', async () => {
      const { id } = await made();
      for (const [hours, body] of [
        [24, {}],
        [168, { keep_previous_hours: 168 }],
      ] as const) {
        const nowMs = world().deps.clock.nowMs();
        const { previous_secret } = must(await patch(id, { api_key: hours === 24 ? SECOND : THIRD, ...body }));
        expect(previous_secret.last_four).toBe(hours === 24 ? '6789' : '5678');
        expect(Math.abs(Date.parse(previous_secret.valid_until) - nowMs - hours * HOUR_MS)).toBeLessThan(60_000);
      }
      const now = await opened(id);
      expect([now.apiKey, now.other?.credential.apiKey]).toEqual([THIRD, SECOND]);
      expect((await opened(id, world().deps.clock.nowMs() + 169 * HOUR_MS)).other ?? null).toBeNull();
    });

    test('keeps none with 0, and none that is the same', async () => {
      const { id } = await made();
      expect(must(await patch(id, { api_key: SECOND, keep_previous_hours: 0 })).previous_secret).toBeNull();
      expect(must(await patch(id, { api_key: SECOND })).previous_secret).toBeNull();
      expect((await rowOf(id)).otherSealed).toBeNull();
    });

    test('replaces one that cannot be opened any more, as after the loss of the master key', async () => {
      const { id } = await made();
      await world()
        .deps.db.update(schema.credentials)
        .set({ sealed: Buffer.alloc(40, 1) })
        .where(eq(schema.credentials.id, id));
      expect((await world().root('GET', `/credentials/${id}/models`)).status).toBe(409);
      expect(must(await patch(id, { api_key: SECOND })).previous_secret).toBeNull();
      expect((await opened(id)).apiKey).toBe(SECOND);
    });

    test.each([
      ['without one', { keep_previous_hours: 24 }],
      ['for too long', { api_key: SECOND, keep_previous_hours: 169 }],
      ['for less than nothing', { api_key: SECOND, keep_previous_hours: -1 }],
    ])('is refused with the name of the field: %s', async (_, body) => {
      const { id } = await made();
      const answer = await patch(id, body);
      expect([answer.status, answer.body.errors?.[0]?.pointer]).toEqual([400, '/keep_previous_hours']);
    });

    test('can be of its own kind only', async () => {
      const { id } = must(await create({ ...BEDROCK, kind: 'aws_static', secret: AWS }));
      expect((await patch(id, { secret: ENTRA })).body.errors[0].pointer).toBe('/secret/kind');
      expect((await patch(id, { api_key: FIRST })).body.errors[0].pointer).toBe('/api_key');
      const rotated = must(await patch(id, { secret: { ...AWS, access_key_id: 'AKIAIOSFODNN7NEWER01' } }));
      expect(rotated).toMatchObject({ last_four: 'ER01', previous_secret: { last_four: 'MPLE' } });
      expect((await opened(id)).other?.credential.secret).toMatchObject({ accessKeyId: AWS.access_key_id });
    });

    // promise: **A replaced provider secret still counts beside the new one**
    test('is alone at once when somebody ends the overlap, which is an event, and asks for the version', async () => {
      const { root, changes } = world();
      const { id } = await made();
      must(await patch(id, { api_key: SECOND }));
      const stale = await root('POST', `/credentials/${id}/end-overlap`, {}, { 'if-match': '"1"' });
      expect(stale.status).toBe(412);
      const ended = must(await root('POST', `/credentials/${id}/end-overlap`));
      expect(ended).toMatchObject({ previous_secret: null, version: 3 });
      expect(changes.at(-1)).toMatchObject({ catalogue: true });
      expect((await rowOf(id)).otherSealed).toBeNull();
      expect(must(await root('POST', `/credentials/${id}/end-overlap`)).version).toBe(3);
      const events = await eventsOf(id);
      expect(events.map(({ action }) => action)).toEqual(['credential.create', 'credential.rotate', 'credential.end_overlap']);
      expect(JSON.stringify(events)).not.toMatch(/sk-(first|second)/);
      expect((await world().as([{ role: 'platform_auditor' }])('POST', `/credentials/${id}/end-overlap`)).status).toBe(403);
    });

    test('of the version before leaves no older one shown or in use', async () => {
      const { id } = await made();
      must(await patch(id, { api_key: SECOND }));
      // That version writes the new seal and nothing else.
      const { sealed, sealedFor } = await rowOf(must(await create({ provider: 'openai', api_key: THIRD })).id);
      await world().deps.db.update(schema.credentials).set({ sealed, sealedFor }).where(eq(schema.credentials.id, id));
      expect(must(await world().root('GET', `/credentials/${id}`)).previous_secret).toBeNull();
    });
  });
});
