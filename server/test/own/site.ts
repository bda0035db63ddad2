/** A gateway, a provider that notes whose secret each call presents, and organizations that may bring their own credentials. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Gateway, startGateway } from '../prove/gateway.ts';
import { type Key, makeKey, makeModel, makeTenant, plainPrices, type Tenant } from '../prove/tenant.ts';

/** An upstream model that no price list has, so that its price is given. */
export const UPSTREAM = 'house-model-1';
export const PLATFORM_SECRET = 'sk-platform-0123456789abcdef';
const USAGE = { prompt_tokens: 9, completion_tokens: 6, total_tokens: 15 };
const ANSWER = JSON.stringify({
  ...{ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: UPSTREAM, usage: USAGE },
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello.' }, finish_reason: 'stop' }],
});

export interface NotingProvider {
  readonly base: string;
  /** The secrets that calls presented, in order. */
  readonly presented: string[];
  /** Secrets that are refused with 401. */
  readonly refused: Set<string>;
  close(): void;
}

/** A provider that answers every call and repeats the secret in what it refuses. */
export async function startNoting(): Promise<NotingProvider> {
  const presented: string[] = [];
  const refused = new Set<string>();
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const secret = (request.headers.authorization ?? '').replace('Bearer ', '');
      presented.push(secret);
      const isRefused = refused.has(secret);
      const body = isRefused ? JSON.stringify({ error: { message: `refused ${secret}`, code: 'invalid_api_key' } }) : ANSWER;
      response.writeHead(isRefused ? 401 : 200, { 'content-type': 'application/json' }).end(body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ presented, refused },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export interface OwnTenant extends Tenant {
  readonly name: string;
  readonly key: Key;
  readonly secret: string;
  readonly credentialId: string | null;
  readonly deploymentId: string | null;
}

let made = 0;

export interface Site {
  readonly gateway: Gateway;
  readonly provider: NotingProvider;
  readonly platformDeployment: string;
  close(): Promise<void>;
}

/** Opens the gateway with the model `fast` of the platform. */
export async function openSite(env: Readonly<Record<string, string>> = {}): Promise<Site> {
  const provider = await startNoting();
  const gateway = await startGateway({ env: { HEADGATE_ALLOWED_OWN_UPSTREAMS: '127.0.0.1', ...env } });
  const body = { name: 'platform', provider: 'openai', api_key: PLATFORM_SECRET, base_url: `${provider.base}/v1` };
  const { id } = await gateway.admin<{ id: string }>('POST', '/credentials', body);
  const platformDeployment = await makeModel(gateway, {
    ...{ model: 'fast', provider: 'openai', upstreamModel: UPSTREAM, credentialId: id },
  });
  return {
    ...{ gateway, provider, platformDeployment },
    close: async () => {
      await gateway.kill();
      provider.close();
    },
  };
}

/** Makes an organization with a key, and with an own deployment of `fast` unless told otherwise. */
export async function makeOwner(
  { gateway, provider }: Site,
  name: string,
  { own = true, settings = {} }: { readonly own?: boolean; readonly settings?: object } = {},
): Promise<OwnTenant> {
  const tenant = await makeTenant(gateway, settings);
  const key = await makeKey(gateway, tenant);
  made += 1;
  const secret = `sk-${name}-${made}-0123456789abcdef`;
  if (!own) return { ...tenant, name, key, secret, credentialId: null, deploymentId: null };
  const at = `/organizations/${tenant.organizationId}`;
  const { id: credentialId } = await gateway.admin<{ id: string }>('POST', `${at}/own-credentials`, {
    ...{ name: 'main', provider: 'openai', api_key: secret, base_url: `${provider.base}/v1` },
  });
  const { id: deploymentId } = await gateway.admin<{ id: string }>('POST', `${at}/own-deployments`, {
    ...{ model: 'fast', provider: 'openai', upstream_model: UPSTREAM, credential_id: credentialId, prices: plainPrices },
  });
  return { ...tenant, name, key, secret, credentialId, deploymentId };
}

export interface Said {
  readonly status: number;
  readonly requestId: string;
  readonly body: { readonly error?: { readonly code?: string; readonly message?: string; readonly param?: string | null } };
}

export async function askModel({ gateway }: Pick<Site, 'gateway'>, key: Key, model = 'fast'): Promise<Said> {
  const response = await fetch(`${gateway.base}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, max_tokens: 20, messages: [{ role: 'user', content: 'Hi.' }] }),
  });
  const body = (await response.json()) as Said['body'];
  return { status: response.status, requestId: response.headers.get('x-request-id') ?? '', body };
}
