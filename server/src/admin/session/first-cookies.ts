import type { AccountRow } from '../../store/accounts/accounts.ts';
import { addEvidence } from '../../store/identity/evidence.ts';
import type { AdminCall } from '../http/call.ts';

/**
 * Returns the cookies for a person who used a one-time link: a session that shows own evidence, and the mark of a browser that is
 * known for the address.
 */
export async function firstCookies(
  { deps: { db, clock, identity }, raw: { visitor } }: Pick<AdminCall<unknown, unknown, unknown>, 'deps' | 'raw'>,
  account: Pick<AccountRow, 'id' | 'email'>,
): Promise<readonly string[]> {
  const { sessionId, cookies } = await identity.startSession(account.id, visitor);
  await addEvidence(db, { sessionId, at: new Date(clock.nowMs()), method: 'link', secondFactor: false });
  return [...cookies, identity.devices.remember(account.email, visitor)];
}
