/**
 * Who gets what answer, written by hand from the roles of the admin API and never computed from them: one line per route and place, one cell
 * per role. `y` is let through, `3` is 403, `4` is 404.
 */

import { ROLES } from '../support/tenants.ts';

/**
 * The columns, in this order: people with a session. Who has a role in a team is a member of its organization too, so their column holds what
 * an `org_member` may read besides.
 */
export { ROLES };
export type RoleName = (typeof ROLES)[number];

/** Where the object of a call lies, as the ten see it: in the team of the team roles, in another team of theirs, in another organization. */
export type PlaceName = 'own' | 'team' | 'other';

/** Cells of one place; absent where the object has no such place: the platform's own are `own` only. */
export type Cells = Readonly<Partial<Record<PlaceName, string>>>;

/* prettier columns:        pa au  ow ad bi ar me  ta td tv */

/** The platform's own. */
export const PLATFORM_CHANGE: Cells = { own: 'y  3   3  3  3  3  3   3  3  3' };
export const PLATFORM_READ: Cells = { own: 'y  y   3  3  3  3  3   3  3  3' };
/** A list of everybody's that shows each what they may see; who may see nothing of its kind is refused. */
export const EVERYONE: Cells = { own: 'y  y   y  y  y  y  y   y  y  y' };
export const SPENDERS: Cells = { own: 'y  y   y  y  y  y  3   y  y  3' };
/** The audit log of every organization in which one may read it. */
export const AUDITORS: Cells = { own: 'y  y   y  y  3  y  3   3  3  3' };
export const TOKEN_MANAGERS: Cells = { own: 'y  3   y  y  3  3  3   3  3  3' };

/** One organization's. */
export const ORGANIZATION_READ: Cells = { own: 'y  y   y  y  y  y  y   y  y  y', other: 'y  y   4  4  4  4  4   4  4  4' };
export const ORGANIZATION_PLATFORM: Cells = { own: 'y  3   3  3  3  3  3   3  3  3', other: 'y  3   4  4  4  4  4   4  4  4' };
/** Several at once: all but the platform's people are refused before any organization is looked at. */
export const ORGANIZATIONS_PLATFORM: Cells = { own: 'y  3   3  3  3  3  3   3  3  3', other: 'y  3   3  3  3  3  3   3  3  3' };
export const ORGANIZATION_MANAGE: Cells = { own: 'y  3   y  y  3  3  3   3  3  3', other: 'y  3   4  4  4  4  4   4  4  4' };
/** An account of which only the platform knows: an organization's own people invite it instead, and are told so. */
export const ORGANIZATION_STRANGERS: Cells = {
  own: 'y  3   400 400 3 3  3   3  3  3',
  other: 'y  3   4  4  4  4  4   4  4  4',
};
export const ORGANIZATION_OWNERS: Cells = { own: 'y  3   y  3  3  3  3   3  3  3', other: 'y  3   4  4  4  4  4   4  4  4' };
export const ORGANIZATION_AUDIT: Cells = { own: 'y  y   y  y  3  y  3   3  3  3', other: 'y  y   4  4  4  4  4   4  4  4' };
export const ORGANIZATION_SPEND: Cells = { own: 'y  y   y  y  y  y  3   y  y  3', other: 'y  y   4  4  4  4  4   4  4  4' };
/** What an organization spent as a whole, to those who may know all of it. */
export const ORGANIZATION_TOTALS: Cells = { own: 'y  y   y  y  y  y  3   3  3  3', other: 'y  y   4  4  4  4  4   4  4  4' };

/** What is chosen from the whole catalogue for an organization. */
export const PLATFORM_GRANTS: Cells = { own: 'y  y   3  3  3  3  3   3  3  3', other: 'y  y   4  4  4  4  4   4  4  4' };
/** Whom only an organization-wide role reads: somebody who is in none of one's teams. */
export const ORGANIZATION_PEOPLE: Cells = { own: 'y  y   y  y  y  y  3   3  3  3', other: 'y  y   4  4  4  4  4   4  4  4' };

/** One team's, with its members, service accounts and keys: its own people, and the roles that hold in the whole organization. */
export const TEAM_READ: Cells = {
  own: 'y  y   y  y  y  y  3   y  y  y',
  team: 'y  y   y  y  y  y  3   3  3  3',
  other: 'y  y   4  4  4  4  4   4  4  4',
};
/** What a team spent, and a service account's requests in it: a developer reads only their own. */
export const TEAM_SPEND: Cells = {
  own: 'y  y   y  y  y  y  3   y  3  3',
  team: 'y  y   y  y  y  y  3   3  3  3',
  other: 'y  y   4  4  4  4  4   4  4  4',
};
export const TEAM_MANAGE: Cells = {
  own: 'y  3   y  y  3  3  3   3  3  3',
  team: 'y  3   y  y  3  3  3   3  3  3',
  other: 'y  3   4  4  4  4  4   4  4  4',
};
/** What a team's admin may do in their own team: members, keys, narrowing. */
export const TEAM_ADMINS: Cells = {
  own: 'y  3   y  y  3  3  3   y  3  3',
  team: 'y  3   y  y  3  3  3   3  3  3',
  other: 'y  3   4  4  4  4  4   4  4  4',
};
/** A key of one's own, which a developer may make within the policy of their team. */
export const OWN_KEYS: Cells = {
  own: 'y  3   y  y  3  3  3   y  y  3',
  team: 'y  3   y  y  3  3  3   3  3  3',
  other: 'y  3   4  4  4  4  4   4  4  4',
};

/** The cells of one place as answers by role. */
export function cellsOf(cells: string): readonly string[] {
  const list = cells.trim().split(/\s+/);
  if (list.length !== ROLES.length)
    throw new Error(`a line of the table has ${list.length} cells, not ${ROLES.length}: ${cells}`);
  return list;
}
