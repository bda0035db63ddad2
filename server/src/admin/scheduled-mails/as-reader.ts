import { newId } from '../../lib/id.ts';
import { grantsOf, placesOf } from '../../store/accounts/account-places.ts';
import type { AccountRow } from '../../store/accounts/accounts.ts';
import * as accounts from '../../store/accounts/accounts.ts';
import { isStoreUnavailable } from '../../store/errors.ts';
import type { Actor } from '../http/actor.ts';
import { authorize, type Permissions } from '../http/authorize.ts';
import { AdminCall } from '../http/call.ts';
import type { AdminDeps } from '../http/deps.ts';
import { Problem } from '../http/problem.ts';
import type { AdminRoute } from '../http/route.ts';

/** Reads routes in the name of a person who is not there, with the rights that the person has now. */

/** A person who may act. */
export interface Reader {
  readonly actor: Actor;
  readonly account: AccountRow;
}

/** Returns the person as they may act now, or null if there is no such active account. */
export async function readerOf(deps: Pick<AdminDeps, 'db'>, accountId: string): Promise<Reader | null> {
  const account = await accounts.find(deps.db, accountId);
  if (account === null || account.status !== 'active') return null;
  const { id, name, platformRole } = account;
  const roles = grantsOf(platformRole, await placesOf(deps.db, id));
  return { account, actor: { kind: 'account', id, name, roles, accountId: id } };
}

interface Given {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
}

/** A call of a route by a reader. */
export function callAs(deps: AdminDeps, { actor }: Reader, route: AdminRoute, { params = {}, query = {} }: Given): AdminCall {
  const visitor = { cookie: undefined, userAgent: undefined, origin: undefined, ip: '' };
  const none = { body: undefined, reason: null, ifMatch: null, takesIfMatch: false, idempotencyKey: null };
  const raw = { requestId: newId('mail'), method: 'GET', route: '', ip: '', visitor, ownOrigin: '', params, query, ...none };
  return new AdminCall(deps, actor, raw, route);
}

/** Answers a GET route as a request of the reader would be answered. Throws a Problem if the reader may not read it. */
export async function readAs(deps: AdminDeps, reader: Reader, route: AdminRoute, given: Given): Promise<unknown> {
  const call = callAs(deps, reader, route, given);
  const { place, object } = await route.load(call);
  authorize(call.actor, route.permission as Permissions, place);
  return route.handle(call, object);
}

/** Reports whether an error says that the reader may not read it, or that there is nothing to read any more. */
export function isRefusal(error: unknown): error is Problem {
  return error instanceof Problem && error.status < 500 && !isStoreUnavailable(error);
}
