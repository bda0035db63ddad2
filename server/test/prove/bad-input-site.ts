import { newKeySecret } from '../../src/lib/secrets.ts';
import { type BadInputSite, MODELS } from '../bad-input/site.ts';
import { startVendor } from '../support/vendor-double.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { makeCredential, makeKey, makeModel, makeTenant, PROVIDER_SECRET } from './tenant.ts';

export interface BadInputGateway extends BadInputSite {
  readonly gateway: Gateway;
  readonly organizationId: string;
  readonly teamId: string;
}

/** A model whose stream is longer than all buffers together, one that costs nothing, one whose provider points elsewhere. */
export const FLOOD = 'flood:64';
export const FREE = 'free-of-charge';
export const REDIRECT = 'fault:redirect';

const EXPIRES_IN_MS = 1_500;

/** The table's gateway as a process of its own, in front of a vendor's double. `env` are settings beside the usual ones. */
export async function openBadInputGateway(env: Readonly<Record<string, string>> = {}): Promise<BadInputGateway> {
  const vendor = await startVendor();
  const gateway = await startGateway({ env });
  const credentialId = await makeCredential(gateway, 'openai', `${vendor.base}/v1`);
  const at = (model: string, mode: 'chat' | 'embedding') =>
    makeModel(gateway, { model, provider: 'openai', upstreamModel: model, mode, credentialId });
  for (const model of [MODELS.good, MODELS.hidden, FLOOD, REDIRECT]) await at(model, 'chat');
  await at(MODELS.embedding, 'embedding');
  const noPrices = { prices: { input_per_million: '0', output_per_million: '0' } };
  await makeModel(gateway, { model: FREE, provider: 'fake', upstreamModel: 'fake-small' }, noPrices);
  const granted = { mode: 'selected', targets: [MODELS.good, MODELS.embedding, FLOOD, FREE, REDIRECT] };
  const tenant = await makeTenant(gateway, { asset_access: granted });
  return {
    gateway,
    ...tenant,
    port: gateway.port,
    secrets: {
      good: (await makeKey(gateway, tenant)).secret,
      narrowed: (await makeKey(gateway, tenant, { asset_access: { mode: 'restrict', targets: [] } })).secret,
      revoked: await keyAfter(gateway, tenant, 'DELETE', ''),
      disabled: await keyAfter(gateway, tenant, 'POST', '/disable'),
      expired: await expiredKey(gateway, tenant),
      // Its checksum is right, and no installation's pepper knows it: as a key of any other data directory.
      foreign: newKeySecret(),
    },
    upstreamCalls: () => vendor.served.length,
    charged: () => charged(gateway),
    unspeakable: [gateway.dataDir, gateway.adminToken, PROVIDER_SECRET, import.meta.dirname],
    close: async () => {
      await gateway.stop();
      await vendor.close();
    },
  };
}

type Tenant = Awaited<ReturnType<typeof makeTenant>>;

async function keyAfter(gateway: Gateway, tenant: Tenant, method: string, action: string): Promise<string> {
  const key = await makeKey(gateway, tenant);
  await gateway.admin(method, `/keys/${key.id}${action}`);
  return key.secret;
}

/** An instant that has passed is refused where a key is made, so it has to pass afterwards. */
async function expiredKey(gateway: Gateway, tenant: Tenant): Promise<string> {
  const expiresAtMs = Date.now() + EXPIRES_IN_MS;
  const { secret } = await makeKey(gateway, tenant, { expires_at: new Date(expiresAtMs).toISOString() });
  await new Promise((go) => setTimeout(go, expiresAtMs - Date.now() + 1));
  return secret;
}

async function charged(gateway: Gateway): Promise<number> {
  const { total } = await gateway.admin<{ total: { spend: string } }>('GET', '/usage');
  return Math.round(Number(total.spend) * 1e9);
}
