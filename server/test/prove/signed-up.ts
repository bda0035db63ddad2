/** People who accepted an invitation, each with a session of their own: what a prove needs to ask as somebody. */
import type { Gateway } from './gateway.ts';

export interface Said {
  readonly status: number;
  readonly body: unknown;
}

/** One caller of the admin API. */
export type Say = (method: string, path: string, body?: object) => Promise<Said>;

export interface Person {
  readonly accountId: string;
  readonly memberId: string;
  /** In their session. */
  readonly say: Say;
}

const PASSWORD = 'correct horse battery 7';
let people = 0;

/** A caller with these headers. */
export function sayWith(base: string, headers: Readonly<Record<string, string>>): Say {
  return async (method, path, body) => {
    const response = await fetch(`${base}/api/v1${path}`, {
      method,
      headers: { origin: base, ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text) };
  };
}

/** Somebody new in an organization. */
export async function signedUp(gateway: Gateway, organizationId: string, role: string): Promise<Person> {
  people += 1;
  const email = `person-${people}@headgate.test`;
  const invitation = { email, organization_id: organizationId, role };
  const { link } = await gateway.admin<{ link: string }>('POST', '/invitations', invitation);
  const response = await fetch(`${gateway.base}/api/v1/invitations/accept`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: gateway.base },
    body: JSON.stringify({ token: new URL(link).searchParams.get('token'), name: `Person ${people}`, password: PASSWORD }),
  });
  const cookie = response.headers
    .getSetCookie()
    .find((one) => one.startsWith('headgate_session='))
    ?.split(';')[0];
  if (!response.ok || cookie === undefined) throw new Error(`${email} cannot come in: ${response.status}`);
  const say = sayWith(gateway.base, { cookie });
  const { account, memberships } = (await say('GET', '/session')).body as {
    account: { id: string };
    memberships: { member_id: string }[];
  };
  return { accountId: account.id, memberId: memberships[0]?.member_id ?? '', say };
}
