import { createHmac } from 'node:crypto';
import type { OrganizationConfig } from '../../domain/tenancy/tenancy.ts';
import { type ContentWrappers, open, openContentKey, seal } from '../../lib/secrets.ts';

/**
 * Creates a function that seals a request's content under its organization's own key, bound to the request's id. It returns null
 * once that key was destroyed: then nothing can be kept, and nothing kept before can be read.
 */
export function createContentSealer(wrappers: ContentWrappers) {
  const keyOf = openedKeys(wrappers);
  return (organization: OrganizationConfig, requestId: string, content: string | Uint8Array): Buffer | null => {
    const key = keyOf(organization);
    return key === null ? null : seal(key, content, requestId);
  };
}

/** Creates the reverse of a content sealer. It returns null once the key was destroyed, and throws UnsealFailure for other bytes. */
export function createContentOpener(wrappers: ContentWrappers) {
  const keyOf = openedKeys(wrappers);
  return (organization: OrganizationConfig, requestId: string, sealed: Uint8Array): Buffer | null => {
    const key = keyOf(organization);
    return key === null ? null : open(key, sealed, requestId);
  };
}

/**
 * Creates what the exact cache needs of organizations' keys. `digest` is a hash under a key of its own, made of the content key: it
 * names an answer, and tells nothing of the request to anybody without that key.
 */
export function createCacheSealer(wrappers: ContentWrappers) {
  const keyOf = openedKeys(wrappers);
  const namingKeys = new WeakMap<Buffer, Buffer>();
  const namingKeyOf = (key: Buffer): Buffer => {
    const known = namingKeys.get(key) ?? createHmac('sha256', key).update('headgate exact cache').digest();
    namingKeys.set(key, known);
    return known;
  };
  return {
    digest: (organization: OrganizationConfig, text: string): string | null => {
      const key = keyOf(organization);
      return key === null ? null : createHmac('sha256', namingKeyOf(key)).update(text).digest('base64url');
    },
    seal: (organization: OrganizationConfig, name: string, content: Uint8Array): Buffer | null => {
      const key = keyOf(organization);
      return key === null ? null : seal(key, content, `cache:${name}`);
    },
    open: (organization: OrganizationConfig, name: string, sealed: Uint8Array): Buffer | null => {
      const key = keyOf(organization);
      return key === null ? null : open(key, sealed, `cache:${name}`);
    },
  };
}

/** Returns a function that opens each organization's content key once, for as long as its configuration is in use. */
function openedKeys(wrappers: ContentWrappers): (organization: OrganizationConfig) => Buffer | null {
  const opened = new WeakMap<OrganizationConfig, Buffer>();
  return (organization) => {
    const known = opened.get(organization);
    if (known !== undefined) return known;
    if (!organization.wrappedContentKey) return null;
    const key = openContentKey(wrappers, organization.id, organization.wrappedContentKey);
    opened.set(organization, key);
    return key;
  };
}
