/** The token endpoint: `POST /v1/oauth/token` finds the grant that its `grant_type` names. */
import type { Grant, GrantAnswer } from './grant.ts';
import { oauthError } from './oauth-error.ts';

/** The grants by their `grant_type`. */
export type Grants = Readonly<Record<string, Grant>>;

/** Answers a request for a token. `fields`: of the body. Fields that a grant does not know are ignored. */
export async function answerToken(
  fields: ReadonlyMap<string, string>,
  from: Parameters<Grant>[1],
  grants: Grants,
): Promise<GrantAnswer> {
  const type = fields.get('grant_type');
  if (type === undefined)
    return oauthError('invalid_request', 'The field grant_type is missing. It says how you ask for a token.');
  const grant = Object.hasOwn(grants, type) ? grants[type] : undefined;
  if (grant === undefined)
    return oauthError(
      'unsupported_grant_type',
      `This gateway takes these values of grant_type: ${Object.keys(grants).join(', ')}.`,
    );
  return grant(fields, from);
}
