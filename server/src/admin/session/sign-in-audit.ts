import { networkOf } from '../../identity/network.ts';
import type { AccountRow } from '../../store/accounts/accounts.ts';
import { appendAnonymousEvent, createFlood, type Flood } from '../guards/floods.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, type ChangeEvent, change } from '../http/change.ts';
import type { AdminDeps } from '../http/deps.ts';

/** Events about sign-ins in the platform's audit chain: who signed in and from where, but never the proof they used. */

const REFUSED = 'account.sign_in_refused';

/** Records one event about an account, with the account itself as the actor. */
export async function recordOwn(
  call: AdminCall<unknown, unknown, unknown>,
  action: string,
  account: Pick<AccountRow, 'id' | 'name'>,
  facts: object = {},
): Promise<void> {
  await change(call as AdminCall, ({ record }) => record(ownEvent(action, account, facts)));
}

/** Returns the event of recordOwn, for a transaction that is already open. */
export function ownEvent(action: string, account: Pick<AccountRow, 'id' | 'name'>, facts: object = {}): ChangeEvent {
  return {
    ...accountEvent(action, account, facts),
    by: { kind: 'account', id: account.id, name: account.name },
  };
}

/** Returns an event about an account, with the caller as the actor. */
export function accountEvent(action: string, account: Pick<AccountRow, 'id' | 'name'>, facts: object = {}): ChangeEvent {
  return {
    action,
    organizationId: null,
    objectType: 'account',
    objectId: account.id,
    objectName: account.name,
    before: null,
    after: facts,
  };
}

/** The most refused sign-ins of a minute that get an event each. */
const EACH_MAX = 20;

interface RefusedSignIn {
  /** The account's id, or the address as typed if no account has it. */
  readonly account: string;
  readonly address: string;
}

const ofProcess = new WeakMap<AdminDeps, Flood<RefusedSignIn>>();

/** Returns the refused sign-ins of this process, which has one AdminDeps. */
export function refusedSignInsOf(deps: AdminDeps): Flood<RefusedSignIn> {
  const known = ofProcess.get(deps);
  if (known !== undefined) return known;
  const made = createFlood<RefusedSignIn>({
    clock: deps.clock,
    eachMax: EACH_MAX,
    writeCounted: ({ count, reasons, examples }) =>
      appendAnonymousEvent(deps, {
        action: REFUSED,
        ...{ objectType: 'account', objectId: 'several', ip: examples[0]?.address ?? null },
        after: { refused: count, reasons, some: examples },
      }),
  });
  ofProcess.set(deps, made);
  return made;
}

/**
 * Records a refused sign-in. Keeps an address that no account has as it was typed, because the event serves to detect guessing.
 * Attempts refused by the throttle are not recorded. In each minute, the first attempt per network and account gets an event, up
 * to twenty. All others of that minute are counted in one event, so that many attempts do not fill the log.
 */
export async function recordRefused(
  call: AdminCall,
  { account, email, code }: { readonly account: AccountRow | null; readonly email: string; readonly code: string },
): Promise<void> {
  if (code === 'too_many_attempts' || code === 'busy') return;
  const { ip } = call.raw;
  const who = account?.id ?? email;
  const mustWrite = await refusedSignInsOf(call.deps).mustWrite(`${who} ${networkOf(ip)}`, code, { account: who, address: ip });
  if (!mustWrite) return;
  const event = accountEvent(REFUSED, account ?? { id: 'unknown', name: email }, { reason: code });
  await change(call, ({ record }: Change) => record(event));
}
