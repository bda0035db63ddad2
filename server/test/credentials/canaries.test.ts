/** Secrets of every kind, put through everything that shows, stores or sends something: found nowhere. */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { headgateHere } from '../cli/support.ts';
import { type Gateway, startGateway, temporaryDirectory } from '../prove/gateway.ts';
import { makeKey, makeModel, makeTenant } from '../prove/tenant.ts';
import { startCollector } from '../support/collector.ts';

const pem = () =>
  generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
/** A text that no pattern of a vendor's keys would find. */
const canary = (name: string, generation: string) => `${name}CanaryQ7x${generation}w9Zk3Lm5Np8Rt2Vb`;

interface Kind {
  readonly name: string;
  readonly facts: object;
  readonly secret: object;
  readonly canaries: readonly string[];
}

/** Every kind with secrets of its own. Base URLs lead to the provider of this test. */
function kindsOf(base: string, generation: string): readonly Kind[] {
  const [key, bearer, aws, session, entra] = ['key', 'bearer', 'aws', 'session', 'entra'].map((name) =>
    canary(name, generation),
  ) as [...[string, string, string, string, string]];
  const private_key = pem();
  const keyFile = {
    type: 'service_account',
    private_key_id: '0123456789abcdef',
    private_key,
    client_email: 'a@acme-prod.iam.gserviceaccount.com',
    token_uri: 'https://oauth2.googleapis.com/token',
  };
  const bedrock = { provider: 'bedrock', settings: { region: 'eu-central-1' }, base_url: base };
  const azure = { provider: 'azure', base_url: base };
  const static_ = { kind: 'aws_static', access_key_id: 'AKIAIOSFODNN7EXAMPLE', secret_access_key: aws, session_token: session };
  const app = {
    kind: 'azure_entra',
    tenant: 'acme.test',
    client_id: '0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9',
    client_secret: entra,
  };
  return [
    { name: 'openai', facts: { provider: 'openai', base_url: `${base}/v1` }, secret: { api_key: key }, canaries: [key] },
    { name: 'aws_bearer', facts: { ...bedrock, kind: 'aws_bearer' }, secret: { api_key: bearer }, canaries: [bearer] },
    { name: 'aws_static', facts: { ...bedrock, kind: 'aws_static' }, secret: { secret: static_ }, canaries: [aws, session] },
    { name: 'azure_entra', facts: { ...azure, kind: 'azure_entra' }, secret: { secret: app }, canaries: [entra] },
    {
      name: 'gcp',
      facts: {
        ...{ provider: 'vertex', kind: 'gcp_service_account', base_url: base },
        settings: { project: 'acme-prod', location: 'europe-west4' },
      },
      secret: { secret: { kind: 'gcp_service_account', key_file: JSON.stringify(keyFile) } },
      canaries: private_key.split('\n').slice(2, 5),
    },
  ];
}

/** A provider that refuses everything, and repeats the secret that it was sent and the one it has. */
async function startEcho() {
  let remembered = '';
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const message = `refused ${request.headers.authorization ?? ''}, expected ${remembered}`;
      response.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify({ error: { message, code: message } }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    expects: (text: string) => {
      remembered = text;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

let gateway: Gateway | null = null;
const closing: (() => void)[] = [];
afterEach(async () => {
  await gateway?.kill();
  gateway = null;
  for (const close of closing.splice(0)) close();
});

/** Where the credentials of an owner are. */
const PLATFORM_PLACES = { list: '/credentials', one: '/credentials', deployments: '/deployments', deployment: '/deployments' };
const ownPlaces = ({ organizationId }: { readonly organizationId: string }) => ({
  ...{ list: `/organizations/${organizationId}/own-credentials`, one: '/own-credentials' },
  ...{ deployments: `/organizations/${organizationId}/own-deployments`, deployment: '/own-deployments' },
});

test.each(['platform', 'organization'] as const)(
  'secrets of every kind, of the %s, are in no answer, log, trace, export, bundle or file',
  {
    timeout: 240_000,
  },
  async (owner) => {
    const [provider, collector] = [await startEcho(), await startCollector()];
    closing.push(provider.close, collector.close);
    gateway = await startGateway({
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, HEADGATE_ALLOWED_OWN_UPSTREAMS: '127.0.0.1' },
    });
    const now = gateway;
    const said: string[] = [];
    const ask = async (method: string, at: string, body?: unknown) => {
      const answer = await now.ask<Record<string, unknown>>(method, at, body);
      said.push(JSON.stringify([answer.body, [...answer.headers]]));
      return answer;
    };
    const [first, second, wrong] = ['1', '2', '3'].map((generation) => kindsOf(provider.base, generation)) as [
      ...[readonly Kind[], readonly Kind[], readonly Kind[]],
    ];
    const ids = new Map<string, string>();
    const tenant = await makeTenant(now);
    const at = owner === 'platform' ? PLATFORM_PLACES : ownPlaces(tenant);
    for (const [place, kind] of first.entries()) {
      const made = await ask('POST', at.list, { name: kind.name, ...kind.facts, ...kind.secret });
      expect([kind.name, made.status]).toEqual([kind.name, 201]);
      const id = (made.body as { id: string }).id;
      ids.set(kind.name, id);
      provider.expects(kind.canaries.join(' '));
      const newer = second[place] as Kind;
      expect((await ask('PATCH', `${at.one}/${id}`, newer.secret)).status).toBe(200);
      for (const more of [
        { ...kind.facts, ...(wrong[place] as Kind).secret },
        { ...kind.facts, credential_id: id },
      ])
        await ask('POST', `${at.list}/check`, more);
      const tested = await ask('POST', `${at.one}/${id}/test`);
      expect([kind.name, tested.status, tested.body.ok]).toEqual([kind.name, 200, false]);
      await ask('GET', `${at.one}/${id}`);
      if (owner === 'platform') await ask('GET', `/credentials/${id}/models`);
      // What is refused must not be repeated either.
      const [name, value] = Object.entries(kind.secret)[0] as [string, string | object];
      const spoilt = typeof value === 'string' ? `${value} x` : { ...value, unknown: kind.canaries[0] };
      expect((await ask('PATCH', `${at.one}/${id}`, { [name]: spoilt })).status).toBe(400);
      expect((await ask('POST', at.list, { name: kind.canaries[0], ...kind.facts, [name]: spoilt })).status).toBe(400);
    }
    // Calls that the provider refuses with both secrets, whose words repeat them.
    const openai = (generation: readonly Kind[]) => (generation[0] as Kind).canaries[0] as string;
    provider.expects(`${openai(first)} ${openai(second)}`);
    // An own deployment needs a name of the catalogue.
    if (owner === 'organization') await makeModel(now, { model: 'fast', provider: 'fake', upstreamModel: 'fake-500' });
    const made = await ask('POST', at.deployments, {
      ...{ model: 'fast', provider: 'openai', upstream_model: 'm', credential_id: ids.get('openai') },
    });
    expect(made.status).toBe(201);
    await ask('POST', `${at.deployment}/${made.body.id}/check`);
    const key = await makeKey(now, tenant);
    for (let call = 0; call < 4; call += 1) {
      const response = await fetch(`${now.base}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'fast', messages: [{ role: 'user', content: 'Hi.' }] }),
      });
      const requestId = response.headers.get('x-request-id');
      said.push(await response.text());
      await sleep(300);
      for (const path of [`/requests/${requestId}`, `/decisions/${requestId}`]) expect((await ask('GET', path)).status).toBe(200);
    }
    // The job asks for every credential. A provider repeats what it got, and knows no secret of another one.
    provider.expects('');
    expect((await ask('POST', '/jobs/credential-health/run')).status).toBeLessThan(300);
    if (owner === 'platform') await untilChecked(now, ids.size);
    for (const kind of ['jsonl', 'csv']) said.push(await exported(now, `/audit-events/all/export?format=${kind}`));
    said.push(await exported(now, `/requests/export?organization_id=${tenant.organizationId}`));
    for (const path of [
      '/credentials',
      `/organizations/${tenant.organizationId}/own-credentials`,
      `/organizations/${tenant.organizationId}/own-deployments`,
      '/audit-events/all',
      '/health',
      '/overview',
      '/jobs',
      '/alerts',
      '/deployments',
      '/settings',
    ])
      await ask('GET', path);
    said.push(await (await fetch(`${now.base}/metrics`)).text());
    await ask('POST', `${at.one}/${ids.get('aws_static')}/end-overlap`);
    const bundle = await bundleOf(now);
    // Stopping sends the traces and metrics that still wait.
    expect(await now.stop()).toBe(0);
    expect(collector.spans.length).toBeGreaterThan(0);
    const files = readdirSync(now.dataDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const texts = [
      ...said.map((text, at) => [`answer ${at}`, Buffer.from(text)] as const),
      ['the log', Buffer.from(now.output())] as const,
      ['the traces and metrics', Buffer.from(collector.raw())] as const,
      ['the support bundle', bundle] as const,
      ...files.map((file) => [file.name, readFileSync(path.join(file.parentPath, file.name))] as const),
    ];
    const canaries = [first, second, wrong].flatMap((kinds) => kinds.flatMap((kind) => kind.canaries));
    expect(canaries.length).toBe(24);
    const found = texts.flatMap(([name, bytes]) =>
      canaries.filter((one) => bytes.includes(one)).map((one) => `${one} in ${name}`),
    );
    expect(found).toEqual([]);
    // The search would find them: the provider got one, and the words around those that were taken out are there.
    expect(said.join('\n')).toContain('refused Bearer [redacted]');
  },
);

/** Waits until the hourly check has seen every credential. */
async function untilChecked(now: Gateway, count: number): Promise<void> {
  for (let at = 0; at < 200; at += 1) {
    const { data } = await now.admin<{ data: { last_check: unknown }[] }>('GET', '/credentials');
    if (data.filter(({ last_check }) => last_check !== null).length === count) return;
    await sleep(100);
  }
  throw new Error('the credentials were not checked');
}

async function exported({ base, adminToken }: Gateway, at: string): Promise<string> {
  const response = await fetch(`${base}/api/v1${at}`, { headers: { authorization: `Bearer ${adminToken}` } });
  expect([at, response.status]).toEqual([at, 200]);
  return response.text();
}

async function bundleOf(now: Gateway): Promise<Buffer> {
  const [log, out] = [path.join(temporaryDirectory(), 'headgate.log'), path.join(temporaryDirectory(), 'bundle.tar.gz')];
  writeFileSync(log, now.output());
  const env = {
    ...{ HEADGATE_ADMIN_TOKEN: now.adminToken, HEADGATE_URL: now.base, HEADGATE_PORT: String(now.port) },
    HEADGATE_DATA_DIR: temporaryDirectory(),
  };
  const ran = await headgateHere(env, 'support-bundle', '--out', out, '--log-file', log);
  expect(ran.code).toBe(0);
  return Buffer.concat([gunzipSync(readFileSync(out)), Buffer.from(ran.err)]);
}
