import { isDeepStrictEqual } from 'node:util';
import type { Json } from '../api.ts';

/** The sentence about a change of trust that ends secrets, and the comparison that tells when it does. */

export const SECRETS_ENDED = 'The secrets of its workloads have ended. They get others by exchanging a token again.';

/** Reports whether one of these fields has another value. */
export function differ(before: Json, after: Json, fields: readonly string[]): boolean {
  return fields.some((name) => !isDeepStrictEqual(before[name], after[name]));
}
