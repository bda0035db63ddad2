/** The rules of stored responses: which are stored, and who finds them. */
import type { Caller, OrganizationConfig } from './tenancy.ts';

/** A stored response ends this many days after it was made. */
export const RESPONSE_DAYS = 30;

/** The place at which a response was made. It never changes, also if its key moves to another team later. */
export interface ResponsePlace {
  readonly organizationId: string;
  readonly teamId: string;
  readonly keyId: string;
}

/**
 * Reports whether the answer to a request is stored. `asked`: the request's `store`. If the organization stores responses, they
 * are stored unless a request says `false`; otherwise never.
 */
export function isStored(organization: OrganizationConfig, asked: boolean | null | undefined): boolean {
  return (organization.responses ?? null) !== null && asked !== false;
}

/** Returns the place of the responses that a caller makes now. */
export function placeOf({ organization, team, key }: Caller): ResponsePlace {
  return { organizationId: organization.id, teamId: team.id, keyId: key.id };
}

/**
 * Reports whether a caller finds a stored response: it is of the caller's organization, its team still exists, and the scope that
 * the organization chose includes the caller. A narrower scope never finds more than a wider one.
 */
export function findsResponse(caller: Caller, stored: ResponsePlace): boolean {
  const { organization, team, key } = caller;
  if (stored.organizationId !== organization.id || !organization.teams.has(stored.teamId)) return false;
  switch (organization.responses) {
    case 'organization':
      return true;
    case 'team':
      return stored.teamId === team.id;
    // A key that moved to another team leaves its responses behind.
    case 'key':
      return stored.teamId === team.id && stored.keyId === key.id;
    default:
      return false;
  }
}

/** The outcome of keeping one response. */
export const KEPT_OUTCOMES = ['stored', 'too_large', 'no_room', 'no_key', 'database', 'refused'] as const;
export type KeptOutcome = (typeof KEPT_OUTCOMES)[number];

/** The figures of kept responses for the metrics. */
export interface ResponsesReading {
  readonly outcomes: Readonly<Record<KeptOutcome, number>>;
  readonly waiting: number;
  readonly waitingBytes: number;
  /** Responses that this process makes in the background. */
  readonly background: number;
}
