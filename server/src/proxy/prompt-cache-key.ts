/** Prompt cache keys: tenants that share an account at a provider must not meet in its cache by naming the same key. */
import type { LeftFields, Wire } from '../dialects/dialect.ts';
import { clientCacheKey } from '../dialects/exchange.ts';
import type { DeploymentConfig } from '../domain/routing/catalogue.ts';
import { ownerOf } from '../domain/routing/own.ts';
import type { Provider } from '../providers/provider.ts';
import type { Gateway } from './gateway.ts';
import type { Admission } from './walk.ts';

/**
 * Returns the key to send to a deployment in place of the client's; null if nothing is replaced or added. With the platform's
 * credentials it is a keyed hash of the organization and the client's key, also if the client names none, where the vendor is known
 * to take one. An organization's own account has no other tenant's requests, so its keys stay as they are.
 */
export function promptCacheKey(
  deployment: DeploymentConfig,
  provider: Pick<Provider, 'takesCacheKey'>,
  upstream: Wire,
  left: LeftFields | null,
  { walk, asked, charged }: Pick<Admission, 'walk' | 'asked' | 'charged'>,
  { promptCacheKey: keyed }: Pick<Gateway, 'promptCacheKey'>,
): string | null {
  if (!upstream.startsWith('openai-')) return null;
  const named = clientCacheKey(asked.body, left);
  const { wire } = walk.endpoint;
  const isTranslated = wire !== upstream && !(wire === 'cursor-responses' && upstream === 'openai-responses');
  const takes = (upstream === 'openai-chat' || upstream === 'openai-responses') && provider.takesCacheKey?.(deployment) === true;
  if (ownerOf(deployment) !== null) return takes && isTranslated ? named : null;
  // A server that is not known to take the field may refuse it. What a client sends to it untranslated is the client's choice.
  if (!takes && (isTranslated || named === null)) return null;
  return keyed(charged.organizationId, named ?? '');
}
