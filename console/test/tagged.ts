/** A team whose requests have tags, for pages that show them. */
import type { House } from './support.ts';

export interface Tagged {
  readonly teamId: string;
  readonly keyId: string;
  /** Carries tags, and another of its name carries none. */
  readonly deploymentId: string;
  /** Named a tag that routes and one that does not. */
  readonly requestId: string;
}

interface Made {
  readonly id: string;
}

/** `listed` resolves once a key's request is in the log. */
export async function makeTagged(house: House, listed: (keyId: string) => Promise<unknown>): Promise<Tagged> {
  const model = 'regional';
  const prices = { input_per_million: '1.00', output_per_million: '2.00' };
  const deploy = (tags: readonly string[]) =>
    house.api<Made>('POST', '/deployments', {
      ...{ model, provider: 'fake', upstream_model: 'fake-small', mode: 'chat', prices, tags },
    });
  await deploy([]);
  const { id: deploymentId } = await deploy(['eu', 'zdr']);
  const asset_access = { mode: 'all' };
  const of = await house.api<Made>('POST', '/organizations', { slug: `tags-${Date.now()}`, name: 'Regional Bank', asset_access });
  const team = { name: 'Risk', default_tags: ['eu'] };
  const { id: teamId } = await house.api<Made>('POST', `/organizations/${of.id}/teams`, team);
  const key = { team_id: teamId, name: 'risk reports', required_tags: ['zdr'] };
  const { id: keyId, secret } = await house.api<Made & { secret: string }>('POST', '/keys', key);
  const response = await fetch(`${house.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', 'x-headgate-tags': 'eu,project-x' },
    body: JSON.stringify({ model, max_tokens: 20, messages: [{ role: 'user', content: 'Hello!' }] }),
  });
  await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`a tagged call answered ${response.status}`);
  const requestId = response.headers.get('x-request-id') as string;
  await listed(keyId);
  return { teamId, keyId, deploymentId, requestId };
}
