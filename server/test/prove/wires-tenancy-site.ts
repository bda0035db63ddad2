/** Three tenants with two teams each, on one account of a provider, and one of everything that has an id for each key. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Gateway } from './gateway.ts';
import { makeCredential, makeKey, makeModel, makeTenant } from './tenant.ts';
import type { IdsOf } from './wires-tenancy-rows.ts';
import type { StatefulUpstream } from './wires-tenancy-upstream.ts';

/** One key with what it made. Its texts contain its name, so that they are seen wherever they come out. */
export interface Holder {
  readonly name: string;
  readonly organizationId: string;
  readonly teamId: string;
  readonly keyId: string;
  readonly secret: string;
  readonly ids: IdsOf;
}

export interface TenancySite {
  readonly gateway: Gateway;
  readonly upstream: StatefulUpstream;
  readonly holders: readonly Holder[];
  call(secret: string, method: string, path: string, body?: unknown): Promise<{ readonly status: number; readonly text: string }>;
}

export const TENANTS = ['a', 'b', 'c'] as const;
/** The two teams of each tenant. */
const TEAMS = [1, 2] as const;

const TRIES_MAX = 10;

export async function openSite(gateway: Gateway, upstream: TenancySite['upstream']): Promise<TenancySite> {
  const credentialId = await makeCredential(gateway, 'openai', `http://127.0.0.1:${upstream.port}/v1`);
  await makeModel(gateway, { model: 'native', provider: 'openai', upstreamModel: 'up', credentialId });
  await makeModel(gateway, { model: 'fake', provider: 'fake', upstreamModel: 'fake-small' });
  const callOnce: TenancySite['call'] = async (secret, method, path, body) => {
    const answer = await fetch(`${gateway.base}${path}`, {
      method,
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    return { status: answer.status, text: await answer.text() };
  };
  // A busy machine may not read within the second that a caller waits. That is no answer about an id.
  const call: TenancySite['call'] = async (...asked) => {
    for (let tries = 1; ; tries += 1) {
      const said = await callOnce(...asked);
      if (said.status !== 503 || tries === TRIES_MAX) return said;
      await sleep(200);
    }
  };
  const holders: Holder[] = [];
  for (const tenant of TENANTS) {
    const { organizationId, teamId } = await makeTenant(gateway, { responses_storage: 'keep' });
    for (const team of TEAMS) {
      const name = `holder-${tenant}${team}`;
      const own =
        team === 1
          ? teamId
          : (await gateway.admin<{ id: string }>('POST', `/organizations/${organizationId}/teams`, { name })).id;
      const { id: keyId, secret } = await makeKey(gateway, { organizationId, teamId: own });
      holders.push({ name, organizationId, teamId: own, keyId, secret, ids: await makeAll(call, gateway.base, secret, name) });
    }
  }
  return { gateway, upstream, holders, call };
}

/** Makes one of everything that has an id. */
async function makeAll(call: TenancySite['call'], base: string, secret: string, name: string): Promise<IdsOf> {
  const made = async (path: string, body: object) => {
    const { status, text } = await call(secret, 'POST', path, body);
    if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
    return JSON.parse(text) as { readonly id: string; readonly data?: readonly { readonly id: string }[] };
  };
  const asked = { model: 'native', input: `said by ${name}` };
  const { id: response } = await made('/v1/responses', asked);
  const { id: background } = await made('/v1/responses', { ...asked, background: true });
  const { id: conversation } = await made('/v1/conversations', { metadata: { name } });
  const items = await made(`/v1/conversations/${conversation}/items`, { items: [{ role: 'user', content: `item of ${name}` }] });
  return { response, background, conversation, item: items.data?.[0]?.id ?? '', file: await uploaded(base, secret, name) };
}

/** Uploads a file of one request. */
async function uploaded(base: string, secret: string, name: string): Promise<string> {
  const body = new FormData();
  body.set('purpose', 'batch');
  const line = { custom_id: name, method: 'POST', url: '/v1/chat/completions', body: { model: 'native', messages: [] } };
  body.set('file', new Blob([JSON.stringify(line)]), `${name}.jsonl`);
  const answer = await fetch(`${base}/v1/files`, { method: 'POST', headers: { authorization: `Bearer ${secret}` }, body });
  if (!answer.ok) throw new Error(`/v1/files: ${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as { readonly id: string }).id;
}
