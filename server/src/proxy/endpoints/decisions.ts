import { isId } from '../../lib/id.ts';
import type { Gateway } from '../gateway.ts';
import { Refusal, serviceUnavailable } from '../refusal.ts';
import type { CachedKey } from '../snapshot/cached-key.ts';

/**
 * Serves `GET /v1/decisions/{request_id}` for the key that made the call: why it was admitted or refused, rule by rule. Another
 * key's request is 404. If the store is unreachable, an id that is not in memory is 503, because it may exist.
 */
export async function showDecision(requestId: string, key: CachedKey, gateway: Gateway): Promise<object> {
  const unknown = () => new Refusal('not_found', 'This key has made no request with this id.');
  if (!isId('req', requestId)) throw unknown();
  let found: Awaited<ReturnType<Gateway['decisions']['find']>>;
  try {
    found = await gateway.decisions.find(key.config.organizationId, requestId);
  } catch {
    throw serviceUnavailable(
      'This decision cannot be read right now, because the database cannot be reached. Try again in a moment.',
    );
  }
  if (found === null || found.keyId !== key.config.id) throw unknown();
  return found.decision;
}
