import type { AccessChoice, AccessLevels, OrganizationAccess } from '../../domain/access/access.ts';
import { type LevelsChange, newlyIneffective, targetsMoved, targetsTouched } from '../../domain/access/access-effect.ts';
import type { CallableTarget, Catalogue } from '../../domain/routing/catalogue.ts';
import * as tree from '../../store/access/access-tree.ts';
import { accessChoiceFrom, organizationAccessFrom } from '../../store/configuration/policy-columns.ts';
import type { Database } from '../../store/database.ts';
import * as keys from '../../store/tenancy/keys.ts';
import * as memberships from '../../store/tenancy/memberships.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import * as teams from '../../store/tenancy/teams.ts';
import { notFound } from '../http/problem.ts';

/** The effect of a change on access: targets lost and gained, keys that lose some, and choices below that would give nothing. */

const NAMES_MAX = 200;
const EXAMPLES_MAX = 20;

/** The scope that is changed. `id` is the id of the organization, team, membership or key. */
export interface TreeChange {
  readonly level: 'organization' | 'team' | 'user' | 'key';
  readonly organizationId: string;
  readonly id: string;
}

/** The object of a change whose effect is computed. */
export type Changed =
  | TreeChange
  | { readonly level: 'team_member'; readonly organizationId: string; readonly teamId: string; readonly id: string }
  | { readonly level: 'service_account'; readonly organizationId: string | null; readonly id: string }
  | { readonly level: 'account'; readonly id: string }
  | { readonly level: 'catalogue' };

/** The access of the changed scope and of every level above it. `teamId` is set for a team and for a key. */
export interface AccessHere {
  readonly levels: AccessLevels;
  readonly teamId: string | null;
}

export async function readAccess(tx: Database, { level, organizationId, id }: TreeChange): Promise<AccessHere> {
  const organization = await organizations.find(tx, organizationId);
  if (organization === null) throw notFound('organization');
  const whole: AccessLevels = { organization: organizationAccessFrom(organization), team: null, user: null, key: null };
  if (level === 'organization') return { levels: whole, teamId: null };
  if (level === 'team') return { levels: { ...whole, team: await teamChoice(tx, organizationId, id) }, teamId: id };
  if (level === 'user') return { levels: { ...whole, user: await memberChoice(tx, organizationId, id) }, teamId: null };
  const key = await keys.find(tx, { organizationId, id });
  if (key === null) throw notFound('key');
  const { teamId, ownerMembershipId } = key;
  const team = await teamChoice(tx, organizationId, teamId);
  const user = ownerMembershipId === null ? null : await memberChoice(tx, organizationId, ownerMembershipId);
  return { levels: { ...whole, team, user, key: accessChoiceFrom(key) }, teamId };
}

interface Comparison {
  readonly before: AccessHere;
  readonly after: AccessHere;
  readonly catalogue: Catalogue;
}

export async function accessEffect(tx: Database, changed: TreeChange, { before, after, catalogue }: Comparison) {
  const here = { before: before.levels, after: after.levels };
  const { lost, gained } = targetsMoved(here, [...catalogue.targets.values()]);
  const losers = changed.level === 'key' ? await ofKey(tx, changed, after, lost) : await ofKeys(tx, changed, here, catalogue);
  const below = changed.level === 'organization' ? await ineffectiveBelow(tx, changed, here, catalogue) : NOBODY;
  return {
    targets_lost: lost.slice(0, NAMES_MAX),
    targets_lost_count: lost.length,
    targets_gained: gained.slice(0, NAMES_MAX),
    targets_gained_count: gained.length,
    ...losers,
    ...below,
  };
}

async function teamChoice(tx: Database, organizationId: string, id: string): Promise<AccessChoice | null> {
  const team = await teams.find(tx, { organizationId, id });
  return team === null ? null : accessChoiceFrom(team);
}

async function memberChoice(tx: Database, organizationId: string, id: string): Promise<AccessChoice | null> {
  const member = await memberships.find(tx, { organizationId, id });
  return member === null ? null : accessChoiceFrom(member);
}

async function ofKey(tx: Database, { organizationId, id }: TreeChange, after: AccessHere, lost: readonly string[]) {
  if (lost.length === 0) return NO_KEYS;
  const names = await tree.keyNames(tx, organizationId, [id]);
  const team = after.teamId === null ? null : await teams.find(tx, { organizationId, id: after.teamId });
  const example = { key_id: id, name: names.get(id) ?? '', team_name: team?.name ?? '', lost: lost.slice(0, NAMES_MAX) };
  return { keys_losing_access: 1, key_examples: [example] };
}

const NO_KEYS = { keys_losing_access: 0, key_examples: [] };

/**
 * Counts the keys that lose access. Keys with the same choice in the same place lose the same, so each such group is compared
 * once.
 */
async function ofKeys(tx: Database, changed: TreeChange, here: LevelsChange, catalogue: Catalogue) {
  const { level, organizationId, id } = changed;
  const touched = targetsTouched(ownChoice(level, here.before), ownChoice(level, here.after), catalogue);
  if (touched.length === 0) return NO_KEYS;
  const part = { organizationId, ...(level === 'team' ? { teamId: id } : level === 'user' ? { membershipId: id } : {}) };
  const teamsHere = await tree.teamsOf(tx, part);
  const members = await tree.membersOf(tx, level === 'user' ? part : { organizationId });
  const losing = (await tree.keysAlike(tx, part, EXAMPLES_MAX))
    .map((alike) => ({ alike, lost: lostBy(alike, here, teamsHere, members, touched) }))
    .filter(({ lost }) => lost.length > 0);
  const first = losing.flatMap(({ alike, lost }) => alike.ids.map((keyId) => ({ keyId, teamId: alike.teamId, lost })));
  const shown = first.sort((a, b) => (a.keyId < b.keyId ? -1 : 1)).slice(0, EXAMPLES_MAX);
  const names = await tree.keyNames(
    tx,
    organizationId,
    shown.map(({ keyId }) => keyId),
  );
  return {
    keys_losing_access: losing.reduce((total, { alike }) => total + alike.count, 0),
    key_examples: shown.map(({ keyId, teamId, lost }) => ({
      key_id: keyId,
      name: names.get(keyId) ?? '',
      team_name: teamsHere.get(teamId)?.name ?? '',
      lost: lost.slice(0, NAMES_MAX),
    })),
  };
}

function lostBy(
  { teamId, memberId, access }: tree.KeysAlike,
  here: LevelsChange,
  teamsHere: ReadonlyMap<string, tree.Chooser>,
  members: ReadonlyMap<string, tree.Chooser>,
  touched: readonly CallableTarget[],
): readonly string[] {
  const below = (levels: AccessLevels): AccessLevels => ({
    organization: levels.organization,
    team: levels.team ?? teamsHere.get(teamId)?.access ?? null,
    user: levels.user ?? (memberId === null ? null : (members.get(memberId)?.access ?? null)),
    key: access,
  });
  return targetsMoved({ before: below(here.before), after: below(here.after) }, touched).lost;
}

function ownChoice(level: TreeChange['level'], levels: AccessLevels): OrganizationAccess | AccessChoice {
  return levels[level] ?? { mode: 'inherit' };
}

const NOBODY = { members_ineffective: [], members_ineffective_count: 0, teams_ineffective: [], teams_ineffective_count: 0 };

async function ineffectiveBelow(tx: Database, { organizationId }: TreeChange, here: LevelsChange, catalogue: Catalogue) {
  const narrowed = (choosers: ReadonlyMap<string, tree.Chooser>) =>
    [...choosers.values()]
      .map(({ id, name, access }) => ({ id, name, narrowed_to: newlyIneffective(here, access, catalogue) }))
      .filter(({ narrowed_to }) => narrowed_to.length > 0);
  const teamsHit = narrowed(await tree.teamsOf(tx, { organizationId }));
  const membersHit = narrowed(await tree.membersOf(tx, { organizationId }));
  const shown = <T extends { readonly narrowed_to: readonly string[] }>(hit: readonly T[]) =>
    hit.slice(0, EXAMPLES_MAX).map((one) => ({ ...one, narrowed_to: one.narrowed_to.slice(0, NAMES_MAX) }));
  return {
    members_ineffective: shown(membersHit).map(({ id, ...rest }) => ({ member_id: id, ...rest })),
    members_ineffective_count: membersHit.length,
    teams_ineffective: shown(teamsHit).map(({ id, ...rest }) => ({ team_id: id, ...rest })),
    teams_ineffective_count: teamsHit.length,
  };
}
