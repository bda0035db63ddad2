import { networkOf } from '../../identity/network.ts';
import type { AccountRow } from '../../store/accounts/accounts.ts';
import { createFlood, type Flood, tellOfStrangers } from '../guards/floods.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, type ChangeEvent, change } from '../http/change.ts';
import type { AdminDeps } from '../http/deps.ts';

/** What the platform's chain keeps of a person's sign-in: who, from where, and never what they proved it with. */

const REFUSED = 'account.sign_in_refused';

/** Records one event about an account, done by the account itself. */
export async function recordOwn(
  call: AdminCall<unknown, unknown, unknown>,
  action: string,
  account: Pick<AccountRow, 'id' | 'name'>,
  facts: object = {},
): Promise<void> {
  await change(call as AdminCall, ({ record }) => record(ownEvent(action, account, facts)));
}

/** As recordOwn, in a transaction that is under way. */
export function ownEvent(action: string, account: Pick<AccountRow, 'id' | 'name'>, facts: object = {}): ChangeEvent {
  return {
    ...accountEvent(action, account, facts),
    by: { kind: 'account', id: account.id, name: account.name },
  };
}

/** An event about an account, done by the caller. */
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

/** So many refused sign-ins of a minute are an event each. */
const EACH_MAX = 20;

interface RefusedSignIn {
  /** The account's id, or the address as it was typed. */
  readonly account: string;
  readonly address: string;
}

const ofProcess = new WeakMap<AdminDeps, Flood<RefusedSignIn>>();

/** The refused sign-ins of a process: a process has one AdminDeps. */
export function refusedSignInsOf(deps: AdminDeps): Flood<RefusedSignIn> {
  const known = ofProcess.get(deps);
  if (known !== undefined) return known;
  const made = createFlood<RefusedSignIn>({
    clock: deps.clock,
    eachMax: EACH_MAX,
    tellRest: ({ count, reasons, some }) =>
      tellOfStrangers(deps, {
        action: REFUSED,
        ...{ objectType: 'account', objectId: 'several', ip: some[0]?.address ?? null },
        after: { refused: count, reasons, some },
      }),
  });
  ofProcess.set(deps, made);
  return made;
}

/**
 * A sign-in that was refused. An address that no account has is kept as it was typed: guessing is what one looks for here. What is sent away
 * unlooked at is no event. In each minute the first from a place for an account is an event, up to twenty of them; all others of that minute
 * are counted in one, so that a flood of attempts is no flood of events.
 */
export async function recordRefused(
  call: AdminCall,
  { account, email, code }: { readonly account: AccountRow | null; readonly email: string; readonly code: string },
): Promise<void> {
  if (code === 'too_many_attempts' || code === 'busy') return;
  const { ip } = call.raw;
  const who = account?.id ?? email;
  const isTold = await refusedSignInsOf(call.deps).isTold(`${who} ${networkOf(ip)}`, code, { account: who, address: ip });
  if (!isTold) return;
  const event = accountEvent(REFUSED, account ?? { id: 'unknown', name: email }, { reason: code });
  await change(call, ({ record }: Change) => record(event));
}
