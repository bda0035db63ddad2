/** Mirrors: copies of a share of the requests of a name go to another deployment. Nobody gets their answers. */
import { type Canary, canaryFrom, isInCanary } from './canary.ts';
import { sessionDraw } from './sticky.ts';

/** A share of sessions, and the deployment or the target that gets their copies. It has the form of a canary. */
export type Mirror = Canary;

/** `skipped`: no copy was sent. `cut`: it was ended before its answer was complete. */
export const COPY_OUTCOMES = ['answered', 'failed', 'cut', 'skipped'] as const;
export type CopyOutcome = (typeof COPY_OUTCOMES)[number];

/** The reasons for which a request in the share of a mirror is not copied. */
export const SKIP_REASONS = ['tags', 'busy', 'too_large', 'stored', 'unavailable', 'untranslatable'] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

/** Returns a stored mirror; null for none, and for one of a form that this version does not know. */
export const mirrorFrom: (stored: unknown) => Mirror | null = canaryFrom;

/**
 * Reports whether a request is in a mirror's share. All requests of a session are on one side. A request without one is on the same
 * side each time it is judged.
 */
export function isMirrored(
  mirror: Pick<Mirror, 'permille'>,
  { organizationId, calledName, session, requestId }: MirroredRequest,
): boolean {
  return isInCanary(mirror, sessionDraw(organizationId, session ?? requestId, `mirror ${calledName}`));
}

interface MirroredRequest {
  readonly organizationId: string;
  readonly calledName: string;
  readonly session: string | null;
  readonly requestId: string;
}
