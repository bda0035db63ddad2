/** Pieces of a catalogue for suites of the admin API. */
import type { AdminDeps } from '../../src/admin/http/deps.ts';
import { contextWindowOf, PRICE_LIST, PRICE_LIST_EDITION, priceFor } from '../../src/providers/price-table.ts';
import { publishedModels } from '../../src/providers/published-models.ts';
import { PROVEN_PRESETS, shippedPresets } from '../../src/providers/shipped-presets.ts';
import { checkBaseUrl, createAddressPolicy, isListedUrl, isPlainOnNetwork } from '../../src/upstream/address-policy.ts';
import { type Client, must } from './support.ts';

const policy = createAddressPolicy({ mode: 'production', allowedUpstreams: 'vllm.internal' });
if ('problem' in policy) throw new Error(policy.problem);

const ownPolicy = createAddressPolicy({
  ...{ mode: 'production', allowedUpstreams: '', setting: 'HEADGATE_ALLOWED_OWN_UPSTREAMS' },
});
if ('problem' in ownPolicy) throw new Error(ownPolicy.problem);

/** What the providers' side really says, but for the live call. */
export const upstream: AdminDeps['upstream'] = {
  checkBaseUrl: (url) => checkBaseUrl(url, policy),
  checkOwnBaseUrl: (url) => checkBaseUrl(url, ownPolicy),
  isPlainOnNetwork: (url) => isPlainOnNetwork(url, policy),
  isListed: (url) => isListedUrl(url, policy),
  ambientClouds: new Set(['aws']),
  priceFor,
  contextWindowOf,
  priceListEdition: PRICE_LIST_EDITION,
  publishedList: { ...PRICE_LIST, models: publishedModels },
  shippedPresets: shippedPresets(),
  provenPresets: PROVEN_PRESETS,
  listModels: async () => ({ ok: true, models: ['gpt-5', 'gpt-5-nano'] }),
  readModels: async () => ({ ok: true, models: ['gpt-5', 'gpt-5-nano'], unusable: 0, isCut: false }),
  traceCredential: async () => ({ result: { ok: true, models: ['gpt-5'] }, meaning: 'It works.', ms: 7, calls: [] }),
  checkDeployment: async (deployment) => ({
    ok: deployment.credential?.apiKey !== 'sk-wrong-0123456789',
    latencyMs: 12,
    status: 200,
    message: `asked ${deployment.upstreamModel}`,
  }),
};

let made = 0;

/** A name no other test uses. */
export function freshName(prefix = 'model'): string {
  made += 1;
  return `${prefix}-${process.pid}-${made}`;
}

/** A deployment at the fake provider. Throws what the API says when it says no. */
export async function makeDeployment(root: Client, model: string, more: object = {}) {
  return must(await root('POST', '/deployments', { model, provider: 'fake', upstream_model: 'fake-small', ...more }));
}

/** One model of its own, by name. */
export async function makeModel(root: Client, more: object = {}): Promise<string> {
  const model = freshName();
  await makeDeployment(root, model, more);
  return model;
}

export async function labelTarget(root: Client, name: string, ...access_groups: string[]) {
  return must(await root('PUT', `/callable-targets/${encodeURIComponent(name)}/access-groups`, { access_groups }));
}
