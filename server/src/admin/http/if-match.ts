import type { AdminCall } from './call.ts';
import { Problem } from './problem.ts';

/**
 * Throws 412 if the caller's `If-Match` names another version than the stored one. Call it inside the transaction, with the row
 * locked.
 */
export function requireVersion(call: AdminCall, version: number): void {
  // A route that compares versions and does not say so in the reference is a mistake.
  if (!call.raw.takesIfMatch) throw new Error(`the route ${call.raw.route} must declare takesIfMatch`);
  const wanted = call.raw.ifMatch;
  if (wanted === null || wanted === '*') return;
  const named = wanted.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (named.includes(`"${version}"`)) return;
  throw new Problem(
    412,
    `This was changed after you read it and is now at version ${version}. Read it again, then repeat your change.`,
  );
}
