import type { OrganizationConfig } from '../../domain/tenancy/tenancy.ts';
import { type ContentWrappers, openContentKey, seal } from '../../lib/secrets.ts';

/**
 * Creates a function that seals a request's content under its organization's own key, bound to the request's id. It returns null
 * once that key was destroyed: then nothing can be kept, and nothing kept before can be read.
 */
export function createContentSealer(wrappers: ContentWrappers) {
  const opened = new WeakMap<OrganizationConfig, Buffer>();

  function keyOf(organization: OrganizationConfig): Buffer | null {
    const known = opened.get(organization);
    if (known !== undefined) return known;
    if (!organization.wrappedContentKey) return null;
    const key = openContentKey(wrappers, organization.id, organization.wrappedContentKey);
    opened.set(organization, key);
    return key;
  }

  return (organization: OrganizationConfig, requestId: string, content: string): Buffer | null => {
    const key = keyOf(organization);
    return key === null ? null : seal(key, content, requestId);
  };
}
