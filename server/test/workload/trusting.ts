/** What tests of workload identity need: settings, a trusted issuer with one rule, and the exchange itself. */
import type { Gateway } from '../prove/gateway.ts';
import type { Tenant } from '../prove/tenant.ts';
import type { TokenIssuer } from '../support/token-issuer.ts';

export const PUBLIC_URL = 'https://gateway.test';
export const BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
export const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** The settings of a gateway that may fetch keys from issuers of tests. */
export const TRUST_SETTINGS = { HEADGATE_PUBLIC_URL: PUBLIC_URL, HEADGATE_ALLOWED_OWN_UPSTREAMS: '127.0.0.1' };

export interface Trusting {
  readonly issuerId: string;
  readonly ruleId: string;
  readonly serviceAccountId: string;
}

let made = 0;

/** Trusts an issuer, anew if it was trusted, with a rule that takes the repository 42. */
export async function trust(
  gateway: Pick<Gateway, 'admin'>,
  { organizationId, teamId }: Tenant,
  issuer: Pick<TokenIssuer, 'issuer'>,
  { direct = false, rule = {} }: { readonly direct?: boolean; readonly rule?: object } = {},
): Promise<Trusting> {
  made += 1;
  const at = `/organizations/${organizationId}`;
  const known = await gateway.admin<{ data: { id: string; issuer: string }[] }>('GET', `${at}/trusted-issuers`);
  for (const { id, issuer: of } of known.data)
    if (of === issuer.issuer) await gateway.admin('DELETE', `${at}/trusted-issuers/${id}`);
  const service = await gateway.admin<{ id: string }>('POST', `/teams/${teamId}/service-accounts`, { name: `job ${made}` });
  const trusted = await gateway.admin<{ id: string }>('POST', `${at}/trusted-issuers`, {
    ...{ name: `issuer ${made}`, issuer: issuer.issuer, key_source: 'discovery', direct },
  });
  const added = await gateway.admin<{ id: string }>('POST', `${at}/trust-rules`, {
    ...{ name: `rule ${made}`, issuer_id: trusted.id, team_id: teamId, service_account_id: service.id },
    conditions: [{ claim: 'repository_id', match: 'equals', values: ['42'] }],
    ...rule,
  });
  return { issuerId: trusted.id, ruleId: added.id, serviceAccountId: service.id };
}

export async function slugOf(gateway: Pick<Gateway, 'admin'>, { organizationId }: Tenant): Promise<string> {
  return (await gateway.admin<{ slug: string }>('GET', `/organizations/${organizationId}`)).slug;
}

export interface Exchanged {
  readonly status: number;
  readonly body: {
    readonly access_token: string;
    readonly key_id: string;
    readonly organization_id: string;
    readonly error?: string;
  };
}

/** Exchanges a token: JWT bearer as JSON, as Anthropic's SDK does; a token exchange as a form. */
export async function exchange(gateway: Pick<Gateway, 'base'>, fields: Readonly<Record<string, string>>): Promise<Exchanged> {
  const isJson = fields.grant_type === BEARER;
  const response = await fetch(`${gateway.base}/v1/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': isJson ? 'application/json' : 'application/x-www-form-urlencoded' },
    body: isJson ? JSON.stringify(fields) : new URLSearchParams(fields).toString(),
  });
  return { status: response.status, body: (await response.json()) as Exchanged['body'] };
}
