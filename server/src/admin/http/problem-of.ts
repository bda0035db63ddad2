import { CountersUnreachable } from '../../counters/counters.ts';
import { SignInRefused } from '../../identity/refusal.ts';
import { describeDefect } from '../../lib/defect.ts';
import {
  isStoreUnavailable,
  StoreConflict,
  StoreError,
  StoreUnavailable,
  storeErrorFrom,
  UniqueViolation,
} from '../../store/errors.ts';
import { InvalidCursor } from '../../store/paging.ts';
import type { AdminLog } from './deps.ts';
import { FORM_TYPE } from './form-type.ts';
import { conflict, invalid, Problem } from './problem.ts';

/**
 * Turns any error into an answer. An unexpected error is logged under the request's id and answered with 500 and no detail. That the
 * database is away is logged too: too slow, full and unreachable have one answer, and the log tells them apart.
 */
export function problemOf(error: unknown, requestId: string, log: AdminLog, takesForm = false): Problem {
  if (error instanceof Problem) return error;
  const typed = storeErrorFrom(error);
  if (typed instanceof StoreUnavailable)
    log.warn({ request_id: requestId, error: typed.message }, 'an admin request found no database');
  const known = fromFastify(error, takesForm) ?? fromStore(error) ?? fromCounters(error) ?? fromIdentity(error);
  if (known !== null) return known;
  log.error({ request_id: requestId, ...describeDefect(error) }, 'an admin request failed');
  return new Problem(500, 'The gateway failed on this request. This is a bug. Its log has the details under this request id.');
}

/** Translates errors that fastify throws before a route runs. */
function fromFastify(error: unknown, takesForm: boolean): Problem | null {
  if (!(error instanceof Error) || !('statusCode' in error) || typeof error.statusCode !== 'number') return null;
  switch (error.statusCode) {
    case 400:
      // fastify's parser tells both with the same words.
      return invalid('', 'the body is not valid JSON, or has a name like `__proto__`, which is not accepted');
    case 403:
    case 404:
      // From serving static files: a path outside their folder is answered like one that does not exist.
      return new Problem(404, 'There is nothing at this path. Check the address.');
    case 413:
      return new Problem(
        413,
        'The body is too large. At most 1 MB is allowed, 4 MB for a list of prices, 512 kB for a form of an identity provider, and 64 kB for other requests without sign-in.',
      );
    case 414:
      return invalid('', 'the path is too long');
    case 415:
      return wrongType(takesForm);
    default:
      return null;
  }
}

/** Returns the answer to a body of another type. */
export function wrongType(takesForm: boolean): Problem {
  return takesForm
    ? new Problem(415, `The body must be a form. Send the header \`content-type: ${FORM_TYPE}\`.`)
    : new Problem(415, 'The body must be JSON. Send the header `content-type: application/json`.');
}

function fromStore(error: unknown): Problem | null {
  if (error instanceof InvalidCursor) return invalid('?cursor', error.message);
  if (error instanceof UniqueViolation) return taken(error.constraint);
  if (error instanceof StoreConflict)
    return conflict('Another change was made at the same time, so this one was not stored. Try again.');
  // Class 22: a value that no column can hold, such as text with NUL. The caller sent it, whichever check let it through.
  if (error instanceof StoreError && error.sqlState.startsWith('22'))
    return invalid('', 'a value in the request cannot be stored, such as text with a NUL character');
  if (isStoreUnavailable(error)) {
    return new Problem(
      503,
      'The database cannot be reached. The admin API works again when the database is back; try again then.',
      {
        headers: { 'retry-after': '1' },
      },
    );
  }
  return null;
}

function fromCounters(error: unknown): Problem | null {
  if (!(error instanceof CountersUnreachable)) return null;
  return new Problem(503, error.message, { headers: { 'retry-after': '1' } });
}

/**
 * Translates refusals of the identity module. A wrong proof is 401, also on routes for signed-in callers. Refusals that only time
 * or another step can resolve have statuses of their own.
 */
function fromIdentity(error: unknown): Problem | null {
  if (!(error instanceof SignInRefused)) return null;
  switch (error.code) {
    case 'too_many_attempts':
      return new Problem(429, error.message, { headers: { 'retry-after': String(error.retryAfterSeconds ?? 60) } });
    case 'busy':
      return new Problem(503, error.message, { headers: { 'retry-after': String(error.retryAfterSeconds ?? 5) } });
    case 'wrong_password':
      return invalid('/password', error.message);
    case 'account_disabled':
    case 'not_fresh':
      return new Problem(403, error.message);
    case 'no_second_factor':
    case 'second_factor_exists':
      return conflict(error.message);
    default:
      return new Problem(401, error.message);
  }
}

/** The answers to violated unique constraints, each with the field that caused it. No field is named where several could have. */
const TAKEN: Readonly<Record<string, { readonly detail: string; readonly pointer?: string }>> = {
  organizations_slug: {
    detail: 'This slug is taken. Choose another one: slugs are never reused, even after their organization is deleted.',
    pointer: '/slug',
  },
  accounts_email: { detail: 'An account with this e-mail address already exists.', pointer: '/email' },
  invitations_open: {
    detail: 'This address already has an open invitation. Send that one again, or cancel it first.',
    pointer: '/email',
  },
  memberships_account: { detail: 'This account is already a member.', pointer: '/account_id' },
  team_members_pkey: { detail: 'This member is already in the team.', pointer: '/account_id' },
  credentials_name: { detail: 'A credential with this name already exists. Choose another name.', pointer: '/name' },
  callable_targets_pkey: {
    detail: 'A model or a route group already has this name. Choose another one: they share one namespace.',
  },
  route_groups_key: {
    detail: 'A model or a route group already has this name. Choose another one: they share one namespace.',
    pointer: '/key',
  },
  access_groups_pkey: { detail: 'An access group with this key already exists. Choose another key.', pointer: '/key' },
};

function taken(constraint: string): Problem {
  const known = TAKEN[constraint];
  if (known === undefined) return conflict('This name is already taken. Choose another one.');
  const { detail, pointer } = known;
  return conflict(detail, pointer === undefined ? [] : [{ pointer, message: 'is taken' }]);
}
