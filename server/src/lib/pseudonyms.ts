/** Names that stand for others, and that only who holds the installation's key can compare with them. */
import { createHmac } from 'node:crypto';

const CHARS = 22;
const KEPT_MAX = 10_000;

/** The use of a pseudonym. The same name has another one for each use. */
interface Use {
  readonly label: string;
  readonly prefix: string;
}

const NAMES: Use = { label: 'headgate pseudonym', prefix: 'h_' };

/** Prompt cache keys, as providers see them. They allow 64 characters. */
export const PROMPT_CACHE_KEYS: Use = { label: 'headgate prompt cache key', prefix: 'pck_' };

/**
 * Returns the pseudonym of a name in an organization: `h_` and 22 characters of a keyed hash, the same each time. The same name has
 * another one in every organization.
 */
export function pseudonymOf(key: Buffer, organizationId: string, name: string, { label, prefix }: Use = NAMES): string {
  const hash = createHmac('sha256', key).update(`${label}\n${organizationId}\n${name}`).digest('base64url');
  return `${prefix}${hash.slice(0, CHARS)}`;
}

/** Creates a function that returns pseudonyms and remembers the latest, because the same names come more than once. */
export function createPseudonyms(key: Buffer, use: Use = NAMES): (organizationId: string, name: string) => string {
  const known = new Map<string, string>();
  return (organizationId, name) => {
    // A long name is not remembered, so that callers cannot fill the memory with names.
    if (name.length > NAME_KEPT_CHARS_MAX) return pseudonymOf(key, organizationId, name, use);
    const id = `${organizationId}\n${name}`;
    const made = known.get(id);
    if (made !== undefined) return made;
    if (known.size >= KEPT_MAX) known.clear();
    const pseudonym = pseudonymOf(key, organizationId, name, use);
    known.set(id, pseudonym);
    return pseudonym;
  };
}

const NAME_KEPT_CHARS_MAX = 128;
