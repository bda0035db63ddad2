/** What every browser test stands on: a real gateway with the demo organization, one signed-in person per role, and the page of one of them. */
import { test as base, expect, type Page } from '@playwright/test';
import { type Gateway, type Settings, startGateway } from '../../server/test/prove/gateway.ts';
import { copyMigrated, ENGINES_VARIABLE } from '../../server/test/support/migrated-postgres.ts';
import { freePort } from '../../server/test/support/ports.ts';

export { expect, type Page } from '@playwright/test';

export const ROLES = [
  'platform_admin',
  'platform_auditor',
  'org_owner',
  'org_admin',
  'org_billing',
  'org_auditor',
  'org_member',
  'team_admin',
  'team_developer',
  'team_viewer',
] as const;
export type Role = (typeof ROLES)[number];

export const PASSWORD = 'correct horse battery 7';

type Ask = <T = Record<string, unknown>>(method: string, path: string, body?: unknown) => Promise<T>;

/** A gateway for the tests of one worker. */
export interface House {
  readonly url: string;
  readonly gateway: Gateway;
  /** The demo organization and its first team. */
  readonly organizationId: string;
  readonly teamId: string;
  /** The admin API with the platform admin's token. Throws when the answer is not 2xx. */
  readonly api: Ask;
  /** The same with the session of a role. */
  as(role: Role): Ask;
  emailOf(role: Role): string;
  /** Makes the page's browser the one of this role, who is signed in from now on. */
  signIn(page: Page, role: Role): Promise<void>;
}

export const test = base.extend<object, { house: House }>({
  house: [
    // biome-ignore lint/correctness/noEmptyPattern: the library reads the names of what a fixture needs from this pattern.
    async ({}, use) => {
      // A gateway that serves hundreds of tests takes less of the machine on PostgreSQL. Before a release it is tried on the embedded engine.
      const database = process.env[ENGINES_VARIABLE] === 'both' ? null : await copyMigrated();
      const house = await openHouse(database === null ? {} : { DATABASE_URL: database.url });
      await use(house);
      await house.gateway.stop();
      await database?.drop();
    },
    // The first start of a run is beside many others.
    { scope: 'worker', timeout: 180_000 },
  ],
});

/** `settings` beside the demo's; `earlier` is a demo gateway that was stopped, to start on what it left behind. */
export async function openHouse(
  settings: Settings = {},
  earlier: { readonly dataDir?: string; readonly adminToken?: string } = {},
): Promise<House> {
  const env = { HEADGATE_DEMO: 'on', HEADGATE_ALLOWED_WEBHOOKS: '127.0.0.1', ...settings };
  const gateway = await startGateway({ env, ...earlier });
  // Where a public URL is set, changes are accepted from there alone.
  const url = settings.HEADGATE_PUBLIC_URL ?? gateway.base;
  const { data: organizations } = await gateway.admin<{ data: { id: string }[] }>('GET', '/organizations');
  const organizationId = organizations[0]?.id as string;
  const { data: teams } = await gateway.admin<{ data: { id: string }[] }>(
    'GET',
    `/organizations/${organizationId}/teams?sort=created_at`,
  );
  const teamId = teams[0]?.id as string;
  const emailOf = (role: Role) => `${role.replace('_', '.')}@headgate.test`;
  const cookies = new Map<Role, string>();
  const asked = async (role: Role) => {
    const known = cookies.get(role);
    // A test may have ended the session of a role; the next one comes in anew.
    if (known !== undefined && (await isAlive(url, known))) return known;
    const session =
      known === undefined ? await signUp(gateway, url, role, { organizationId, teamId }) : await comeIn(url, emailOf(role));
    cookies.set(role, session);
    return session;
  };
  return {
    url,
    gateway,
    organizationId,
    teamId,
    api: (method, path, body) => gateway.admin(method, path, body),
    as: (role) => async (method, path, body) => askWith(url, await asked(role), method, path, body),
    emailOf,
    signIn: async (page, role) => {
      const value = await asked(role);
      await page.context().clearCookies();
      await page.context().addCookies([{ name: 'headgate_session', value, url }]);
    },
  };
}

/** A house at a public URL, which logins and directories need. Its port is chosen before it starts. */
export async function openPublicHouse(settings: Settings = {}, host = '127.0.0.1'): Promise<House> {
  const port = await freePort();
  return openHouse({ HEADGATE_PORT: String(port), HEADGATE_PUBLIC_URL: `http://${host}:${port}`, ...settings });
}

/** An invitation, accepted: how people come in. Returns the value of their session cookie. */
async function signUp(
  gateway: Gateway,
  url: string,
  role: Role,
  at: { organizationId: string; teamId: string },
): Promise<string> {
  const invitation = await gateway.admin<{ link: string }>('POST', '/invitations', {
    email: `${role.replace('_', '.')}@headgate.test`,
    ...placeOf(role, at),
  });
  const token = new URL(invitation.link).searchParams.get('token');
  const response = await fetch(`${url}/api/v1/invitations/accept`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify({ token, name: nameOf(role), password: PASSWORD }),
  });
  return sessionOf(response, role);
}

async function comeIn(url: string, email: string): Promise<string> {
  const response = await fetch(`${url}/api/v1/session/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify({ email, password: PASSWORD }),
  });
  return sessionOf(response, email);
}

async function isAlive(url: string, cookie: string): Promise<boolean> {
  const response = await fetch(`${url}/api/v1/session`, {
    headers: { cookie: `headgate_session=${encodeURIComponent(cookie)}` },
  });
  return response.ok;
}

/** The value of the session cookie that an answer sets. */
async function sessionOf(response: Response, who: string): Promise<string> {
  const cookie = response.headers.getSetCookie().find((one) => one.startsWith('headgate_session='));
  if (!response.ok || cookie === undefined)
    throw new Error(`${who} could not come in: ${response.status} ${await response.text()}`);
  return decodeURIComponent((cookie.split(';')[0] as string).slice('headgate_session='.length));
}

function placeOf(role: Role, { organizationId, teamId }: { organizationId: string; teamId: string }) {
  if (role.startsWith('platform_')) return { organization_id: null, role };
  if (role.startsWith('team_'))
    return { organization_id: organizationId, role: 'org_member', teams: [{ team_id: teamId, role }] };
  return { organization_id: organizationId, role };
}

function nameOf(role: Role): string {
  const [first = '', second = ''] = role.split('_');
  return `${first.charAt(0).toUpperCase()}${first.slice(1)} ${second.charAt(0).toUpperCase()}${second.slice(1)}`;
}

async function askWith<T>(url: string, cookie: string, method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: {
      cookie: `headgate_session=${encodeURIComponent(cookie)}`,
      origin: url,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
  return (text === '' ? {} : JSON.parse(text)) as T;
}

/** One call as an application makes it, and what it sees of it. */
export async function called(house: House, secret: string, model = 'fast') {
  const response = await fetch(`${house.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, max_tokens: 20, messages: [{ role: 'user', content: 'Hello!' }] }),
  });
  await response.arrayBuffer();
  return { status: response.status, requestId: response.headers.get('x-request-id') as string };
}

/** The same where the status alone is of interest. */
export async function call(house: House, secret: string, model?: string): Promise<number> {
  return (await called(house, secret, model)).status;
}

interface History {
  readonly budgets: readonly { readonly periods: readonly { readonly spent: string; readonly requests: number }[] }[];
}

/** Calls once with the key, waits until the first budget at this path counts it, and returns what it spent in its present period. */
export async function spendOnce(house: House, secret: string, path: string): Promise<string> {
  expect(await call(house, secret)).toBe(200);
  const newest = async () => (await house.api<History>('GET', `${path}/limits/history`)).budgets[0]?.periods[0];
  await expect.poll(async () => (await newest())?.requests).toBe(1);
  return (await newest())?.spent as string;
}

/** The newest period of a budget's history on the page says one request and this spend, to the last digit. */
export async function expectHistory(page: Page, budget: string, spent: string): Promise<void> {
  const newest = page
    .getByRole('region', { name: `${budget}: history` })
    .locator('tbody tr')
    .first();
  await expect(newest.getByRole('cell').nth(1)).toHaveText('1');
  expect(Number(spent)).toBeGreaterThan(0);
  await newest.getByRole('cell').nth(2).locator('span').hover();
  await expect(page.getByRole('tooltip', { name: `${spent} USD` })).toBeVisible();
}

/** Opens an address and waits for its budget as it is set; fails when the page shows what was used of it, or asks for that. */
export async function expectNoHistory(page: Page, address: string, budget: string): Promise<void> {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(address);
  await expect(page.getByText(budget).first()).toBeVisible();
  await expect(page.getByLabel(/^Budget .* used$/)).toHaveCount(0);
  await expect(page.getByRole('region', { name: /: history$/ })).toHaveCount(0);
  await expect(page.getByText('Add one to see its spend for each period')).toHaveCount(0);
  expect(asked.filter((url) => url.includes('/limits/'))).toEqual([]);
}

/** Gives the page's browser a passkey device of its own. */
export async function addPasskeyDevice(page: Page): Promise<void> {
  const browser = await page.context().newCDPSession(page);
  await browser.send('WebAuthn.enable');
  await browser.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true },
  });
}

/** The question about unsaved changes, answered. */
export async function answerUnsaved(page: Page, answer: 'Keep editing' | 'Discard changes'): Promise<void> {
  const question = page.getByRole('dialog', { name: 'Discard unsaved changes?' });
  await question.getByRole('button', { name: answer, exact: true }).last().click();
  await expect(question).toHaveCount(0);
}

/** Confirms in a dialog that shows the effect first, as soon as it does. */
export async function confirm(page: Page, verb: string): Promise<void> {
  await page.getByRole('dialog').getByRole('button', { name: verb, exact: true }).click();
}
