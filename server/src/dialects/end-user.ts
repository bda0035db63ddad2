import type { JsonObject } from './dialect.ts';
import { stringOr } from './json.ts';
import type { Losses } from './losses.ts';

/** Returns the name of the end user in a request of either of OpenAI's dialects. Other dialects have one field for it. */
export function endUserOf({ user, safety_identifier: safety }: JsonObject, losses: Losses): string | null {
  if (typeof user !== 'string') return stringOr(safety, null);
  if (typeof safety === 'string' && safety !== user) losses.dropField('safety_identifier');
  return user;
}
