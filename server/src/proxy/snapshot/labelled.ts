import type { Caller } from '../../domain/tenancy/tenancy.ts';

/** The labels that matter to a caller's requests. */
export interface Labelled {
  /** The widest level that requires an end user; null: none does. */
  readonly requiredBy: 'organization' | 'team' | 'key' | null;
  readonly byTag: boolean;
  readonly byEndUser: boolean;
}

/** Returns null if labels do not matter to a caller's requests, as for nearly all. */
export function labelledOf({ organization, team, key }: Caller): Labelled | null {
  const levels = [organization, team, key];
  const limits = levels.flatMap(({ labelLimits = [] }) => labelLimits);
  const place = levels.findIndex(({ requireEndUser }) => requireEndUser === true);
  if (limits.length === 0 && place === -1) return null;
  const requiredBy = (['organization', 'team', 'key'] as const)[place] ?? null;
  const has = (is: 'tag' | 'end_user') => limits.some(({ match }) => match.is === is);
  return { requiredBy, byTag: has('tag'), byEndUser: has('end_user') };
}
