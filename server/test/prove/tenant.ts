/** What most proves need before their first call: an organization, a team, keys, and models at some upstream. */
import type { DeploymentMode } from '../../src/domain/routing/modes.ts';
import type { Gateway } from './gateway.ts';

type Admin = Pick<Gateway, 'admin'>;

export interface Tenant {
  readonly organizationId: string;
  readonly teamId: string;
}

export interface Key {
  readonly id: string;
  readonly secret: string;
}

let made = 0;

/** An organization that may call everything, with one team. `settings` and `teamSettings` are merged into the two POST bodies. */
export async function makeTenant(gateway: Admin, settings: object = {}, teamSettings: object = {}): Promise<Tenant> {
  made += 1;
  const organization = await gateway.admin<{ id: string }>('POST', '/organizations', {
    slug: `prove-${made}`,
    name: `Prove ${made}`,
    asset_access: { mode: 'all', targets: [], access_groups: [] },
    ...settings,
  });
  const team = await gateway.admin<{ id: string }>('POST', `/organizations/${organization.id}/teams`, {
    name: `Team ${made}`,
    ...teamSettings,
  });
  return { organizationId: organization.id, teamId: team.id };
}

/** A key of the team's default service account. `settings` is merged into the POST body. */
export async function makeKey(gateway: Admin, tenant: Tenant, settings: object = {}): Promise<Key> {
  made += 1;
  return await gateway.admin<Key>('POST', '/keys', { team_id: tenant.teamId, name: `key ${made}`, ...settings });
}

/** Prices no prove has to think about; output ten times as dear as input. */
export const plainPrices = { input_per_million: '1.00', output_per_million: '10.00' };

export interface ModelAt {
  readonly model: string;
  readonly provider: 'openai' | 'anthropic' | 'gemini' | 'fake';
  readonly upstreamModel: string;
  readonly mode?: DeploymentMode;
  /** Absent for `fake`, which needs none. */
  readonly credentialId?: string;
}

/** One deployment; its model's name appears with the first. Returns its id. */
export async function makeModel(gateway: Admin, at: ModelAt, settings: object = {}): Promise<string> {
  const mode = at.mode ?? 'chat';
  const deployment = await gateway.admin<{ id: string }>('POST', '/deployments', {
    model: at.model,
    provider: at.provider,
    upstream_model: at.upstreamModel,
    mode,
    prices: mode === 'embedding' ? { input_per_million: '1.00' } : plainPrices,
    ...(at.credentialId === undefined ? {} : { credential_id: at.credentialId }),
    ...settings,
  });
  return deployment.id;
}

/** A credential of a vendor kind whose calls go to `baseUrl`. Returns its id. */
export async function makeCredential(
  gateway: Admin,
  provider: 'openai' | 'anthropic' | 'gemini',
  baseUrl: string,
): Promise<string> {
  made += 1;
  const body = { name: `${provider}-${made}`, provider, api_key: PROVIDER_SECRET, base_url: baseUrl };
  return (await gateway.admin<{ id: string }>('POST', '/credentials', body)).id;
}

/** The secret the gateway presents upstream. Must never be seen by a client. */
export const PROVIDER_SECRET = 'sk-PROVIDER-SECRET';
