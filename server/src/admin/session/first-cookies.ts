import type { AccountRow } from '../../store/accounts/accounts.ts';
import type { AdminCall } from '../http/call.ts';

/**
 * Returns the cookies for a person who used a one-time link: a session, and the mark of a browser that is known for the address.
 */
export async function firstCookies(
  { deps: { identity }, raw: { visitor } }: Pick<AdminCall<unknown, unknown, unknown>, 'deps' | 'raw'>,
  account: Pick<AccountRow, 'id' | 'email'>,
): Promise<readonly string[]> {
  return [...(await identity.startSession(account.id, visitor)), identity.devices.remember(account.email, visitor)];
}
