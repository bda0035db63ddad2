import type { FastifyRequest } from 'fastify';
import { describeDefect } from '../../lib/defect.ts';
import * as refusals from '../../store/identity/scim-refusals.ts';
import { fieldOf } from './read-patch.ts';
import { isObject } from './read-user.ts';
import type { DirectoryCall } from './scim-call.ts';
import type { ScimError } from './scim-error.ts';

const SUBJECT_MAX = 200;
const DETAIL_MAX = 500;
/** Refusals that say nothing about a person or group: no token, wrong address, too fast, our own failures. */
const UNNOTED: readonly number[] = [401, 404, 405, 415, 429, 503];

/**
 * Keeps a refused change for the organization's admins, who would find it only in the log of the identity provider. Never rejects:
 * a refusal must not become another error.
 */
export async function noteRefusal(
  { organizationId, call }: DirectoryCall,
  request: FastifyRequest,
  error: ScimError,
): Promise<void> {
  if (request.method === 'GET' || UNNOTED.includes(error.status) || error.status >= 500) return;
  const resource = /\/Groups(\/|$)/.test(request.routeOptions.url ?? '') ? 'Groups' : 'Users';
  const refusal = {
    ...{ organizationId, resource, method: request.method, status: error.status },
    subject: subjectOf(request).slice(0, SUBJECT_MAX),
    detail: error.message.slice(0, DETAIL_MAX),
  };
  await refusals.note(call.deps.db, refusal, new Date(call.deps.clock.nowMs())).catch((failure: unknown) => {
    call.deps.log.warn(
      { request_id: call.requestId, ...describeDefect(failure) },
      'a refused request of a directory could not be noted',
    );
  });
}

/** Returns the name that a request gives the person or group, or the id in its address. Nothing else of a body is kept. */
function subjectOf({ body, params }: FastifyRequest): string {
  const { id } = params as { readonly id?: string };
  // A person may have both. The user name is the one by which a later success finds the refusal.
  const named = isObject(body) ? (fieldOf(body, 'username') ?? fieldOf(body, 'displayname')) : undefined;
  return plain(typeof named === 'string' && named !== '' ? named : (id ?? ''));
}

/** Returns a text without characters that a database refuses or that deceive. */
function plain(text: string): string {
  return text.toWellFormed().replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '');
}
