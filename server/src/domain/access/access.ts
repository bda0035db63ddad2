import type { CallableTarget, Catalogue } from '../routing/catalogue.ts';

/** The grants of an organization. `all` is the whole catalogue, now and later. `selected` with empty lists grants nothing. */
export type OrganizationAccess =
  | { readonly mode: 'all' }
  | { readonly mode: 'selected'; readonly targets: readonly string[]; readonly accessGroups: readonly string[] };

/** The part of its parent's set that a team, user or key keeps. `restrict` with empty lists keeps nothing. */
export type AccessChoice =
  | { readonly mode: 'inherit' }
  | { readonly mode: 'restrict'; readonly targets: readonly string[]; readonly accessGroups: readonly string[] };

/** The four scopes at which access is decided. */
export type AccessLevel = 'organization' | 'team' | 'user' | 'key';

/** The part of a caller that access checks read. */
export interface AccessCaller {
  readonly organization: { readonly access: OrganizationAccess };
  readonly team: { readonly access: AccessChoice };
  readonly member: { readonly access: AccessChoice } | null;
  readonly key: { readonly access: AccessChoice };
}

/** The access of one place in the tree, widest first. A level that does not exist there is null and removes nothing. */
export interface AccessLevels {
  readonly organization: OrganizationAccess;
  readonly team: AccessChoice | null;
  readonly user: AccessChoice | null;
  readonly key: AccessChoice | null;
}

/** The verdict on one called name, with the reason for a refusal. */
export type AccessVerdict =
  | { readonly is: 'allowed' }
  /** No such target, or not granted to the organization: the caller cannot tell which. 404 `model_not_found`. */
  | { readonly is: 'not_found'; readonly because: 'unknown_target' | 'not_granted' }
  /** Granted, and removed below the organization. 403 `model_not_allowed`, naming the level. */
  | { readonly is: 'removed'; readonly level: Exclude<AccessLevel, 'organization'> };

/** The reason why a level lets a target pass. */
export type AccessThrough =
  | { readonly is: 'all' }
  | { readonly is: 'inherited' }
  | { readonly is: 'target'; readonly target: string }
  | { readonly is: 'access_group'; readonly key: string };

export interface AccessStep {
  readonly level: AccessLevel;
  /** Null: this level removed the target. The steps end here. */
  readonly through: AccessThrough | null;
}

/** The verdict on one target at one place in the tree, and each level's part in it. */
export interface AccessExplanation {
  readonly target: string;
  readonly verdict: AccessVerdict;
  readonly steps: readonly AccessStep[];
}

/** The form of an access group's key, which never changes. */
export const ACCESS_GROUP_KEY = /^[a-z0-9][a-z0-9._-]{0,63}$/;

export function levelsOf({ organization, team, member, key }: AccessCaller): AccessLevels {
  return { organization: organization.access, team: team.access, user: member?.access ?? null, key: key.access };
}

/** Decides whether the caller may call the name. On the hot path: four set lookups and no allocation. */
export function checkAccess(caller: AccessCaller, calledName: string, catalogue: Catalogue): AccessVerdict {
  const target = catalogue.targets.get(calledName);
  if (target === undefined) return UNKNOWN_TARGET;
  if (!admits(caller.organization.access, target)) return NOT_GRANTED;
  if (!admits(caller.team.access, target)) return REMOVED.team;
  if (caller.member !== null && !admits(caller.member.access, target)) return REMOVED.user;
  return admits(caller.key.access, target) ? ALLOWED : REMOVED.key;
}

/** Returns the same verdict with each level's part in it, for people. Tags play no part: they never authorize. */
export function explainTarget(levels: AccessLevels, calledName: string, catalogue: Catalogue): AccessExplanation {
  const target = catalogue.targets.get(calledName);
  if (target === undefined) return { target: calledName, verdict: UNKNOWN_TARGET, steps: [] };
  const steps: AccessStep[] = [];
  for (const level of LEVELS) {
    const access = levels[level];
    if (access === null) continue;
    const through = throughOf(access, target);
    steps.push({ level, through });
    if (through === null) return { target: calledName, verdict: level === 'organization' ? NOT_GRANTED : REMOVED[level], steps };
  }
  return { target: calledName, verdict: ALLOWED, steps };
}

/** Returns every name that may be called there, sorted: exactly the list of `GET /v1/models`. */
export function effectiveAccess(levels: AccessLevels, catalogue: Catalogue): readonly string[] {
  const names: string[] = [];
  for (const target of catalogue.targets.values()) if (reaches(levels, target)) names.push(target.name);
  return names.sort();
}

/** Reports whether every level lets the target pass: `effective = org ∩ team ∩ user ∩ key`. */
export function reaches(levels: AccessLevels, target: CallableTarget): boolean {
  return LEVELS.every((level) => {
    const access = levels[level];
    return access === null || admits(access, target);
  });
}

/**
 * Returns the problems of an organization's grants: unknown targets. An access group may be granted before it exists or has a
 * member.
 */
export function grantProblems(access: OrganizationAccess, catalogue: Catalogue): readonly ChoiceProblem[] {
  if (access.mode === 'all') return [];
  return access.targets.filter((name) => !catalogue.targets.has(name)).map((target) => ({ is: 'unknown_target', target }));
}

export type ChoiceProblem =
  | { readonly is: 'unknown_target'; readonly target: string }
  | { readonly is: 'target_outside_parent'; readonly target: string }
  | { readonly is: 'group_outside_parent'; readonly key: string };

/**
 * Returns the problems of a choice below `parent`, whose own levels from the choice down are null. A target is a problem if the
 * parent cannot reach it, existing or not. A group is a problem if the parent does not hold it and can reach none of its members.
 */
export function choiceProblems(parent: AccessLevels, choice: AccessChoice, catalogue: Catalogue): readonly ChoiceProblem[] {
  if (choice.mode === 'inherit') return [];
  const problems: ChoiceProblem[] = [];
  for (const name of choice.targets) {
    const target = catalogue.targets.get(name);
    if (target === undefined || !reaches(parent, target)) problems.push({ is: 'target_outside_parent', target: name });
  }
  for (const key of choice.accessGroups) {
    if (!holdsGroup(parent, key) && !hasReachableMember(parent, key, catalogue))
      problems.push({ is: 'group_outside_parent', key });
  }
  return problems;
}

/**
 * Returns the parts of a stored choice or grant that give nothing now: targets that are deleted or narrowed away above, and
 * groups without a reachable member.
 */
export function ineffectiveChoices(
  parent: AccessLevels | null,
  access: OrganizationAccess | AccessChoice,
  catalogue: Catalogue,
): { readonly targets: readonly string[]; readonly accessGroups: readonly string[] } {
  if (access.mode === 'all' || access.mode === 'inherit') return { targets: [], accessGroups: [] };
  const above = parent ?? EVERYTHING;
  return {
    targets: access.targets.filter((name) => {
      const target = catalogue.targets.get(name);
      return target === undefined || !reaches(above, target);
    }),
    accessGroups: access.accessGroups.filter((key) => !hasReachableMember(above, key, catalogue)),
  };
}

/**
 * Reports whether a grant or choice lets a target of this name and these labels pass. The target need not exist: a name that is
 * created again regains this access.
 */
export function admits(
  access: OrganizationAccess | AccessChoice,
  target: Pick<CallableTarget, 'name' | 'accessGroups'>,
): boolean {
  if (access.mode === 'all' || access.mode === 'inherit') return true;
  const { targets, groups } = selectionOf(access);
  if (targets.has(target.name)) return true;
  if (groups.size === 0) return false;
  for (const key of target.accessGroups) if (groups.has(key)) return true;
  return false;
}

const LEVELS = ['organization', 'team', 'user', 'key'] as const;
const ALLOWED: AccessVerdict = Object.freeze({ is: 'allowed' });
const UNKNOWN_TARGET: AccessVerdict = Object.freeze({ is: 'not_found', because: 'unknown_target' });
const NOT_GRANTED: AccessVerdict = Object.freeze({ is: 'not_found', because: 'not_granted' });
const REMOVED = Object.freeze({
  team: Object.freeze({ is: 'removed', level: 'team' }),
  user: Object.freeze({ is: 'removed', level: 'user' }),
  key: Object.freeze({ is: 'removed', level: 'key' }),
} as const satisfies Record<string, AccessVerdict>);
const EVERYTHING: AccessLevels = { organization: { mode: 'all' }, team: null, user: null, key: null };

type Selected = Extract<OrganizationAccess | AccessChoice, { targets: readonly string[] }>;
type Selection = { readonly targets: ReadonlySet<string>; readonly groups: ReadonlySet<string> };

/** Access objects are frozen and replaced whole, so the sets made of one stay valid for its lifetime. */
const SELECTIONS = new WeakMap<Selected, Selection>();

function selectionOf(access: Selected): Selection {
  const known = SELECTIONS.get(access);
  if (known !== undefined) return known;
  const made = { targets: new Set(access.targets), groups: new Set(access.accessGroups) };
  SELECTIONS.set(access, made);
  return made;
}

/** Prefers a target's own name to a group, and takes groups in the order of the choice, so that the result is always the same. */
function throughOf(access: OrganizationAccess | AccessChoice, target: CallableTarget): AccessThrough | null {
  if (access.mode === 'all') return { is: 'all' };
  if (access.mode === 'inherit') return { is: 'inherited' };
  if (selectionOf(access).targets.has(target.name)) return { is: 'target', target: target.name };
  const key = access.accessGroups.find((group) => target.accessGroups.has(group));
  return key === undefined ? null : { is: 'access_group', key };
}

/** Reports whether every level above lets the whole group pass, including its future members. */
function holdsGroup(parent: AccessLevels, key: string): boolean {
  return LEVELS.every((level) => {
    const access = parent[level];
    return access === null || access.mode === 'all' || access.mode === 'inherit' || selectionOf(access).groups.has(key);
  });
}

function hasReachableMember(parent: AccessLevels, key: string, catalogue: Catalogue): boolean {
  for (const name of catalogue.accessGroups.get(key) ?? []) {
    const target = catalogue.targets.get(name);
    if (target !== undefined && reaches(parent, target)) return true;
  }
  return false;
}
