/** Steps that open what a sight shows. */
import { type House, PASSWORD, type Page } from './support.ts';

export const button = (name: string | RegExp) => (page: Page) => page.getByRole('button', { name }).first().click();
/** The button of exactly this name. */
export const exactly = (name: string) => (page: Page) => page.getByRole('button', { name, exact: true }).first().click();
export const inDialog = (page: Page, name: string | RegExp) => page.getByRole('dialog').getByRole('button', { name }).click();
export const dialogNamed = (page: Page, name: string | RegExp) => page.getByRole('dialog', { name }).waitFor();

/** A menu that opens from a button, and what is chosen in it. */
export function fromMenu(opener: string, item: string | RegExp) {
  return async (page: Page): Promise<void> => {
    await exactly(opener)(page);
    await page.getByRole('menuitem', { name: item }).click();
  };
}

/** The menu of a row that is named so, and what is chosen in it. */
export const menuOf = (name: string, item: string | RegExp) => fromMenu(`Actions for ${name}`, item);

/** Somebody who signed in and belongs to the demo organization. */
export interface Newcomer {
  readonly accountId: string;
  /** Calls the API with their session. */
  ask<T>(method: string, path: string, body?: unknown): Promise<T>;
  /** Makes the page's browser theirs. */
  signIn(page: Page, url?: string): Promise<void>;
}

let newcomers = 0;

/** Invites somebody new and accepts for them, so that what is changed of their sign-in is nobody else's. */
export async function newcomer(house: House): Promise<Newcomer> {
  newcomers += 1;
  const email = `looked-at-${Date.now()}-${newcomers}@headgate.test`;
  const invitation = { email, organization_id: house.organizationId, role: 'org_member' };
  const { link } = await house.api<{ link: string }>('POST', '/invitations', invitation);
  const send = (method: string, path: string, cookie: string, body?: unknown) =>
    fetch(`${house.url}/api/v1${path}`, {
      method,
      headers: { origin: house.url, cookie, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const token = new URL(link).searchParams.get('token');
  const accepted = await send('POST', '/invitations/accept', '', { token, name: 'Somebody New', password: PASSWORD });
  let cookie = accepted.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const ask = async <T>(method: string, path: string, body?: unknown) => {
    const response = await send(method, path, cookie, body);
    // A second factor renews the session.
    const [name = ''] = cookie.split('=');
    cookie =
      response.headers
        .getSetCookie()
        .find((one) => one.startsWith(`${name}=`))
        ?.split(';')[0] ?? cookie;
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (response.status === 204 ? undefined : await response.json()) as T;
  };
  const { account } = await ask<{ account: { id: string } }>('GET', '/session');
  return {
    accountId: account.id,
    ask,
    signIn: async (page, url = house.url) => {
      const [name = '', value = ''] = cookie.split('=');
      await page.context().clearCookies();
      await page.context().addCookies([{ name, value: decodeURIComponent(value), url }]);
    },
  };
}
