/** An organization whose identity provider speaks SCIM to a gateway. */
import type pg from 'pg';
import type { Gateway } from './gateway.ts';
import { makeTenant, type Tenant } from './tenant.ts';

export interface Said {
  readonly status: number;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** One call of the endpoint. */
export type Directory = (method: string, path: string, body?: unknown, authorization?: string) => Promise<Said>;

export interface DirectorySite {
  readonly tenant: Tenant;
  /** The verified domain. */
  readonly domain: string;
  readonly directory: Directory;
}

let made = 0;

/** Makes an organization with a verified domain and a token. The domain is verified by hand: no DNS is asked. */
export async function makeDirectory(gateway: Gateway, database: pg.Client): Promise<DirectorySite> {
  made += 1;
  const tenant = await makeTenant(gateway);
  const domain = `directory-${made}.example`;
  await database.query(
    "insert into organization_domains (organization_id, domain, challenge, state, created_by) values ($1, $2, 'x', 'verified', 'prove')",
    [tenant.organizationId, domain],
  );
  const path = `/organizations/${tenant.organizationId}/scim-tokens`;
  const { token } = await gateway.admin<{ token: string }>('POST', path, { name: 'Prove' });
  return { tenant, domain, directory: directoryOf(gateway, token) };
}

export function directoryOf({ base }: Gateway, token: string): Directory {
  return async (method, path, body, authorization = `Bearer ${token}`) => {
    for (;;) {
      const response = await fetch(`${base}/scim/v2${path}`, {
        method,
        headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/scim+json' }) },
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(30_000),
      });
      const text = await response.text();
      if (response.status !== 429) return { status: response.status, text, body: text === '' ? {} : JSON.parse(text) };
      // As identity providers do.
      await new Promise((resolve) => setTimeout(resolve, Number(response.headers.get('retry-after') ?? 1) * 1_000));
    }
  };
}
