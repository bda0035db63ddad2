/** Accounts that the release before wrote, opened by this one: whose address counts, and that nobody is signed out. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openMailSink } from '../invitations/mail-sink.ts';
import { freePort } from '../support/ports.ts';
import { type Gateway, startGateway } from './gateway.ts';
import type { ProveResult } from './prove.ts';

const PASSWORD = 'nine maps of the harbour';
const SETTLED_MS_MAX = 130_000;

interface Earlier {
  readonly email: string;
  readonly id: string;
  /** Their session; null: nobody signed in. */
  readonly cookie: string | null;
  /** What this version is to say of them. */
  readonly proved: 'mail' | 'operator' | null;
  readonly bound: string | null;
}

/** Returns what became of each account, one line each. */
export async function upgradedAccounts(folder: string): Promise<ProveResult> {
  const sink = await openMailSink();
  const port = await freePort();
  const env = {
    HEADGATE_PORT: String(port),
    HEADGATE_PUBLIC_URL: `http://localhost:${port}`,
    HEADGATE_SMTP_URL: sink.url,
    HEADGATE_MAIL_FROM: 'Headgate <headgate@headgate.test>',
  };
  try {
    const before = await startGateway({ cwd: folder, env });
    const written = await write(before, env.HEADGATE_PUBLIC_URL, (to) => resetTokenIn(sink.mails, to));
    await before.stop();
    const now = await startGateway({ env, dataDir: before.dataDir, adminToken: before.adminToken });
    const result = await compare(now, env.HEADGATE_PUBLIC_URL, written);
    await now.stop();
    return result;
  } finally {
    await sink.close();
  }
}

async function resetTokenIn(mails: readonly { readonly to: readonly string[]; readonly text: string }[], to: string) {
  for (let tries = 0; tries < 200; tries += 1) {
    const mail = mails.findLast((one) => one.to.includes(to) && one.text.includes('/reset-password?'));
    if (mail !== undefined) return /reset-password\?token=([\w-]+)/.exec(mail.text)?.[1] ?? '';
    await sleep(25);
  }
  return '';
}

async function write(gateway: Gateway, origin: string, resetToken: (to: string) => Promise<string>): Promise<readonly Earlier[]> {
  const { admin } = gateway;
  const at = (path: string, body: object) => post(gateway, origin, path, body);
  const { id: first } = await admin<{ id: string }>('POST', '/organizations', { slug: 'first', name: 'First' });
  const { id: second } = await admin<{ id: string }>('POST', '/organizations', { slug: 'second', name: 'Second' });
  const link = await firstAdminToken(gateway);
  const founder = await at('/session/first-admin', { token: link, email: 'founder@x.test', name: 'Founder', password: PASSWORD });
  const invited = async (email: string) => {
    const body = { email, organization_id: first, role: 'org_member' };
    const sent = await admin<{ link: string }>('POST', '/invitations', body);
    return at('/invitations/accept', { token: tokenIn(sent.link), name: email, password: PASSWORD });
  };
  const bound = await invited('bound@x.test');
  const again = await admin<{ link: string }>('POST', '/invitations', {
    email: 'bound@x.test',
    organization_id: second,
    role: 'org_admin',
  });
  await post(gateway, origin, '/invitations/accept', { token: tokenIn(again.link) }, bound);
  await invited('mailed@x.test');
  await at('/session/password-reset', { email: 'mailed@x.test' });
  await at('/session/password-reset/confirm', { token: await resetToken('mailed@x.test'), password: `${PASSWORD} 2` });
  const mailed = await at('/session/sign-in', { email: 'mailed@x.test', password: `${PASSWORD} 2` });
  await admin('POST', '/accounts', { email: 'made@x.test', name: 'Made' });
  const { data } = await admin<{ data: { id: string; email: string }[] }>('GET', '/accounts?limit=200');
  const idOf = (email: string) => data.find((row) => row.email === email)?.id ?? '';
  const one = (email: string, cookie: string | null, proved: Earlier['proved'], boundTo: string | null): Earlier => {
    return { email, id: idOf(email), cookie, proved, bound: boundTo };
  };
  return [
    one('founder@x.test', founder, 'operator', null),
    one('bound@x.test', bound, null, first),
    one('mailed@x.test', mailed, 'mail', null),
    one('made@x.test', null, null, null),
  ];
}

/** The token of the first admin's link, which is printed once the gateway is ready. */
export async function firstAdminToken(gateway: Gateway): Promise<string> {
  for (let tries = 0; tries < 200; tries += 1) {
    const printed = /\/first-admin\?token=([\w-]+)/.exec(gateway.output())?.[1];
    if (printed !== undefined) return printed;
    await sleep(25);
  }
  throw new Error('no first-admin link was printed');
}

async function compare(gateway: Gateway, origin: string, written: readonly Earlier[]): Promise<ProveResult> {
  const endMs = performance.now() + SETTLED_MS_MAX;
  const list = async () => (await gateway.admin<{ data: Account[] }>('GET', '/accounts?limit=200')).data;
  let found = await list();
  // The job that finds out comes round once a minute.
  while (found.some(({ made }) => made.how === 'earlier') && performance.now() < endMs) {
    await sleep(1_000);
    found = await list();
  }
  const lines = await Promise.all(
    written.map(async (earlier) => {
      const account = found.find(({ id }) => id === earlier.id);
      const proved = account?.address_proof?.how ?? null;
      const bound = account?.bound_organization?.id ?? null;
      const isIn = earlier.cookie === null ? null : await isSignedIn(gateway, origin, earlier.cookie);
      const isRight = proved === earlier.proved && bound === earlier.bound && isIn !== false;
      const session = isIn === null ? 'had no session' : isIn ? 'still signed in' : 'SIGNED OUT';
      const standing = proved ?? (bound === null ? 'not proved, of the platform' : 'not proved, bound to who first invited it');
      return { isRight, line: `${earlier.email.padEnd(15)}  ${standing}, ${session}` };
    }),
  );
  const unproved = await gateway.admin<{ data: Account[] }>('GET', '/accounts?address=unproved&limit=200');
  const right = lines.filter(({ isRight }) => isRight).length;
  return {
    holds: right === written.length && unproved.data.length === 2,
    figure: `upgraded accounts as they should be ${right} of ${written.length}, listed as not proved ${unproved.data.length}`,
    log: lines.map(({ line }) => `upgrade: ${line}`),
  };
}

interface Account {
  readonly id: string;
  readonly made: { readonly how: string };
  readonly address_proof: { readonly how: string } | null;
  readonly bound_organization: { readonly id: string } | null;
}

/** A call of a browser. Returns the session's cookie that the answer sets; empty when it sets none. Throws unless it is a success. */
export async function post(gateway: Gateway, origin: string, path: string, body: object, cookie = ''): Promise<string> {
  const response = await fetch(`${gateway.base}/api/v1${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin, ...(cookie === '' ? {} : { cookie }) },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (
    response.headers
      .getSetCookie()
      .find((one) => one.startsWith('headgate_session='))
      ?.split(';')[0] ?? ''
  );
}

/** Whether the session of this cookie opens. */
export async function isSignedIn(gateway: Gateway, origin: string, cookie: string): Promise<boolean> {
  return (await fetch(`${gateway.base}/api/v1/session`, { headers: { cookie, origin } })).status === 200;
}

/** The token in a link that somebody is given. */
export function tokenIn(link: string): string {
  return new URL(link).searchParams.get('token') ?? '';
}
