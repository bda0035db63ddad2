/** A gateway with two organizations and people who log in on devices, over HTTP as programs and browsers do. */
import { createHash, randomBytes } from 'node:crypto';
import { type Gateway, type Settings, startGateway } from '../prove/gateway.ts';
import { makeModel } from '../prove/tenant.ts';
import { freePort } from '../support/ports.ts';
import { makeTenant, type Person, signUp, type Tenant } from '../support/tenants.ts';

/** What tests read of an answer without knowing its whole shape. */
// biome-ignore lint/suspicious/noExplicitAny: a test asks for a field by its name, and a wrong one fails the test.
type Body = any;

export interface Said {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export interface LoginSite {
  readonly gateway: Gateway;
  readonly tenant: Tenant;
  readonly other: Tenant;
  /** A developer of the first team. */
  readonly ada: Person;
  readonly stop: () => Promise<void>;
}

/** The price of the model is such that a request costs cents. */
export const MODEL = 'fast';

export async function openLoginSite(env: Settings = {}): Promise<LoginSite> {
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const gateway = await startGateway({ env: { HEADGATE_PORT: String(port), HEADGATE_PUBLIC_URL: base, ...env } });
  const tenant = await makeTenant(gateway.admin);
  const other = await makeTenant(gateway.admin);
  await makeModel(
    gateway,
    { model: MODEL, provider: 'fake', upstreamModel: 'fake-small' },
    {
      prices: { input_per_million: '1000', output_per_million: '1000' },
    },
  );
  const ada = await signUp({ base, root: gateway.admin }, 'team_developer', tenant.teams[0]);
  return { gateway, tenant, other, ada, stop: async () => void (await gateway.stop()) };
}

/** A form at one of the OAuth endpoints. */
export async function form(
  { base }: Pick<Gateway, 'base'>,
  path: string,
  fields: Readonly<Record<string, string>>,
): Promise<Said> {
  return said(await fetch(`${base}/v1/oauth/${path}`, { method: 'POST', body: new URLSearchParams(fields) }));
}

/** A call of the admin API in a person's browser. */
export async function asPerson(
  { base }: Pick<Gateway, 'base'>,
  { cookie }: Pick<Person, 'cookie'>,
  method: string,
  path: string,
  body?: unknown,
): Promise<Said> {
  return said(
    await fetch(`${base}/api/v1${path}`, {
      method,
      headers: { cookie, origin: base, 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
    }),
  );
}

/** A call of the data plane with an access token. */
export async function withToken(
  { base }: Pick<Gateway, 'base'>,
  token: string,
  path = '/v1/models',
  headers = {},
): Promise<Said> {
  return said(await fetch(`${base}${path}`, { headers: { authorization: `Bearer ${token}`, ...headers } }));
}

/** A message as Claude Code sends it. */
export async function message({ base }: Pick<Gateway, 'base'>, token: string): Promise<Said> {
  return said(
    await fetch(`${base}/v1/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({ model: MODEL, max_tokens: 20, messages: [{ role: 'user', content: 'hello' }] }),
    }),
  );
}

export async function said(response: Response): Promise<Said> {
  const text = await response.text();
  let body: unknown = text;
  try {
    body = text === '' ? null : JSON.parse(text);
  } catch {}
  return { status: response.status, headers: response.headers, body };
}

export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

/** The tokens of a device that a person approved. Throws if anything on the way is refused. */
export async function loginByDevice(gateway: Gateway, person: Person, teamId: string, deviceName = 'laptop'): Promise<Body> {
  const asked = await form(gateway, 'device', { device_name: deviceName, surface: 'claude_code' });
  const { user_code, device_code } = asked.body;
  must(await asPerson(gateway, person, 'POST', '/logins/device/lookup', { user_code }));
  must(await asPerson(gateway, person, 'POST', '/logins/device/approve', { user_code, team_id: teamId }));
  return must(await form(gateway, 'token', { grant_type: DEVICE_GRANT, device_code }));
}

export interface Pkce {
  readonly verifier: string;
  readonly challenge: string;
}

export function newPkce(): Pkce {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

export function must({ status, body }: Said): Body {
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`);
  return body;
}
