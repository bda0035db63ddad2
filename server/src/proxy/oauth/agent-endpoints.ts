/** The answers of the data plane to programs that log in: the OAuth endpoints, and Claude Code's own paths. */
import { checksumOf, joinedSettings, type Settings } from '../../domain/logins/managed-settings.ts';
import type { GatewayRequest } from '../../http/request-reply.ts';
import type { Database } from '../../store/database.ts';
import * as managed from '../../store/logins/managed-settings.ts';
import { authorizationCodeGrant, deviceGrant } from './code-grants.ts';
import { deviceEndpoint } from './device-endpoint.ts';
import type { Grant } from './grant.ts';
import type { LoginParts } from './login-parts.ts';
import { refreshGrant } from './refresh-grant.ts';
import { revokeEndpoint } from './revoke-endpoint.ts';
import { answerToken, type Grants } from './token-endpoint.ts';

/** The managed settings of a team, as Claude Code fetches them. */
export interface ManagedPolicy {
  readonly uuid: string;
  readonly checksum: string;
  readonly settings: Settings;
}

export interface AgentEndpoints {
  /** The address at which people and programs reach the gateway; null if `HEADGATE_PUBLIC_URL` is not set. */
  readonly publicUrl: string | null;
  readonly device: Grant;
  readonly token: Grant;
  readonly revoke: Grant;
  readonly grantTypes: readonly string[];
  /** Returns the settings of an organization and a team together; null if neither has any. */
  readonly managedPolicy: (place: managed.SettingsPlace) => Promise<ManagedPolicy | null>;
  /** Returns the address that a request comes from, behind proxies that are trusted. */
  readonly addressOf: (request: GatewayRequest) => string;
}

/** The grants of logins. */
const LOGIN_GRANTS = {
  device: 'urn:ietf:params:oauth:grant-type:device_code',
  code: 'authorization_code',
  refresh: 'refresh_token',
} as const;

/** Returns the endpoints. `more`: grants of others. */
export function createAgentEndpoints(
  parts: LoginParts,
  { publicUrl, addressOf, more = {} }: Pick<AgentEndpoints, 'publicUrl' | 'addressOf'> & { readonly more?: Grants },
): AgentEndpoints {
  const { guesses } = parts;
  const grants: Grants = {
    [LOGIN_GRANTS.device]: deviceGrant(parts, guesses),
    [LOGIN_GRANTS.code]: authorizationCodeGrant(parts, guesses),
    [LOGIN_GRANTS.refresh]: refreshGrant(parts, guesses),
    ...more,
  };
  return {
    publicUrl,
    addressOf,
    device: deviceEndpoint(parts),
    token: (fields, from) => answerToken(fields, from, grants),
    revoke: revokeEndpoint(parts, guesses),
    grantTypes: Object.keys(grants),
    managedPolicy: (place) => policyOf(parts.db, place),
  };
}

async function policyOf(db: Database, place: managed.SettingsPlace): Promise<ManagedPolicy | null> {
  const { organization, team } = await managed.findBoth(db, place);
  const settings = joinedSettings(organization?.settings ?? null, team?.settings ?? null);
  if (settings === null) return null;
  return { uuid: `${place.organizationId}/${place.teamId}`, checksum: checksumOf(settings), settings };
}
