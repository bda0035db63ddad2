import { storeErrorFrom, UniqueViolation } from '../../store/errors.ts';
import type { AdminLog } from '../http/deps.ts';
import { Problem } from '../http/problem.ts';
import { problemOf } from '../http/problem-of.ts';

/** The kinds of errors that SCIM names (RFC 7644, 3.12). */
export type ScimType =
  | 'invalidFilter'
  | 'tooMany'
  | 'uniqueness'
  | 'mutability'
  | 'invalidSyntax'
  | 'invalidPath'
  | 'noTarget'
  | 'invalidValue';

const ERROR_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:Error';

/** A request of the directory that is refused, in the words of SCIM. */
export class ScimError extends Error {
  readonly status: number;
  readonly scimType: ScimType | null;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, detail: string, scimType: ScimType | null = null, headers: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.name = 'ScimError';
    this.status = status;
    this.scimType = scimType;
    this.headers = headers;
  }
}

export const invalidValue = (detail: string) => new ScimError(400, detail, 'invalidValue');
export const invalidSyntax = (detail: string) => new ScimError(400, detail, 'invalidSyntax');
export const invalidPath = (detail: string) => new ScimError(400, detail, 'invalidPath');
export const noSuch = (what: 'person' | 'group') =>
  new ScimError(
    404,
    `There is no ${what} with this id in the directory. It may have been deleted: look it up by name, or create it.`,
  );
export const taken = (detail: string) => new ScimError(409, detail, 'uniqueness');

/** Turns any error into one of SCIM. An unexpected one is logged under the request's id and answered without detail. */
export function scimErrorOf(error: unknown, requestId: string, log: AdminLog): ScimError {
  if (error instanceof ScimError) return error;
  const typed = storeErrorFrom(error);
  if (typed instanceof UniqueViolation)
    return taken(TAKEN[typed.constraint] ?? 'A value of this request is taken in the directory.');
  const { status, message, headers } = error instanceof Problem ? error : problemOf(error, requestId, log);
  return new ScimError(status, message, null, headers);
}

const TAKEN: Readonly<Record<string, string>> = {
  scim_users_user_name: 'Another person of this directory has this userName. User names are compared without regard to case.',
  scim_users_external_id: 'Another person of this directory has this externalId.',
  scim_users_organization_id_membership_id_pk: 'This person is in the directory already, under another userName.',
  scim_groups_name: 'Another group of this directory has this displayName.',
  scim_groups_external_id: 'Another group of this directory has this externalId.',
};

/** Renders an error as SCIM's body. The status is a text there. */
export function renderScimError({ status, message, scimType }: ScimError): string {
  return JSON.stringify({
    schemas: [ERROR_SCHEMA],
    status: String(status),
    ...(scimType === null ? {} : { scimType }),
    detail: message,
  });
}
