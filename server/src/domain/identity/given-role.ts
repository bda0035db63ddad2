/** Who gives the role in one place, if several may: a person, a SCIM directory, or the groups of a sign-in. */

/** The source of roles that groups of the SCIM directory give. Other sources are identity providers, by their ids. */
export const DIRECTORY = 'scim';

/** The role in one place: in an organization, or in one of its teams. */
export interface GivenRole<R extends string> {
  readonly role: R;
  /** The source that gave it. Null: a person gave it. */
  readonly managedBy: string | null;
}

/** The answer of one source about one place. */
export interface SourceSays<R extends string> {
  readonly source: string;
  /** The role that the person's groups give there. Null: none. */
  readonly gives: R | null;
  /** The role that stays if the source gave one before, and gives none now. Null: the place is left. */
  readonly otherwise: R | null;
  /** True if groups of the directory give a role there. */
  readonly directoryGives: boolean;
}

/**
 * Returns the role in one place after a source worked it out. What a person gave stays. The directory wins over a sign-in: it
 * takes over what a sign-in gave, and a sign-in neither changes nor takes what groups of the directory give. Among identity
 * providers the first keeps it. Null: no role.
 */
export function roleAfter<R extends string>(
  held: GivenRole<R> | null,
  { source, gives, otherwise, directoryGives }: SourceSays<R>,
): GivenRole<R> | null {
  if (held?.managedBy === null) return held;
  const isOwn = held?.managedBy === source;
  const role = isOwn ? (gives ?? otherwise) : gives;
  if (role === null) return isOwn ? null : held;
  const isFree = held === null || (held.managedBy === DIRECTORY && !directoryGives);
  return isOwn || isFree || source === DIRECTORY ? { role, managedBy: source } : held;
}
