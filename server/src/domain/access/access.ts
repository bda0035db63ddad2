import type { CallableTarget, Catalogue } from '../routing/catalogue.ts';

/** What an organization was granted. `all` is the whole catalogue, now and later; `selected` with nothing in it is nothing. */
export type OrganizationAccess =
  | { readonly mode: 'all' }
  | { readonly mode: 'selected'; readonly targets: readonly string[]; readonly accessGroups: readonly string[] };

/** What a team, user or key keeps of its parent's set. `restrict` with nothing selected is nothing. */
export type AccessChoice =
  | { readonly mode: 'inherit' }
  | { readonly mode: 'restrict'; readonly targets: readonly string[]; readonly accessGroups: readonly string[] };

/** The four scopes as access knows them. */
export type AccessLevel = 'organization' | 'team' | 'user' | 'key';

/** What access reads of a caller. */
export interface AccessCaller {
  readonly organization: { readonly access: OrganizationAccess };
  readonly team: { readonly access: AccessChoice };
  readonly member: { readonly access: AccessChoice } | null;
  readonly key: { readonly access: AccessChoice };
}

/** The access of one place in the tree, widest first. A level that does not exist there is null: it removes nothing. */
export interface AccessLevels {
  readonly organization: OrganizationAccess;
  readonly team: AccessChoice | null;
  readonly user: AccessChoice | null;
  readonly key: AccessChoice | null;
}

/** Whether a called name may be called, and if not, who says so. */
export type AccessVerdict =
  | { readonly is: 'allowed' }
  /** No such target, or not granted to the organization: the caller cannot tell which. 404 `model_not_found`. */
  | { readonly is: 'not_found'; readonly because: 'unknown_target' | 'not_granted' }
  /** Granted, and removed below the organization. 403 `model_not_allowed`, naming the level. */
  | { readonly is: 'removed'; readonly level: Exclude<AccessLevel, 'organization'> };

/** Through what a level lets a target pass. */
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

/** One target and one place in the tree: the verdict and each level's part in it. */
export interface AccessExplanation {
  readonly target: string;
  readonly verdict: AccessVerdict;
  readonly steps: readonly AccessStep[];
}

/** An access group's key, immutable. */
export const ACCESS_GROUP_KEY = /^[a-z0-9][a-z0-9._-]{0,63}$/;

export function levelsOf({ organization, team, member, key }: AccessCaller): AccessLevels {
  return { organization: organization.access, team: team.access, user: member?.access ?? null, key: key.access };
}

/** May this caller call this name? On the hot path: four set lookups and no allocation. */
export function checkAccess(caller: AccessCaller, calledName: string, catalogue: Catalogue): AccessVerdict {
  const target = catalogue.targets.get(calledName);
  if (target === undefined) return UNKNOWN_TARGET;
  if (!admits(caller.organization.access, target)) return NOT_GRANTED;
  if (!admits(caller.team.access, target)) return REMOVED.team;
  if (caller.member !== null && !admits(caller.member.access, target)) return REMOVED.user;
  return admits(caller.key.access, target) ? ALLOWED : REMOVED.key;
}

/** The same verdict with each level's part in it, for people. Tags play no part: they never authorize. */
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

/** Every name that may be called there, sorted: what `GET /v1/models` lists and no more. */
export function effectiveAccess(levels: AccessLevels, catalogue: Catalogue): readonly string[] {
  const names: string[] = [];
  for (const target of catalogue.targets.values()) if (reaches(levels, target)) names.push(target.name);
  return names.sort();
}

/** Whether every level lets the target pass: `effective = org ∩ team ∩ user ∩ key`. */
export function reaches(levels: AccessLevels, target: CallableTarget): boolean {
  return LEVELS.every((level) => {
    const access = levels[level];
    return access === null || admits(access, target);
  });
}

/** What is wrong with an organization's grants: unknown targets. A group is accepted before it exists or has a member. */
export function grantProblems(access: OrganizationAccess, catalogue: Catalogue): readonly ChoiceProblem[] {
  if (access.mode === 'all') return [];
  return access.targets.filter((name) => !catalogue.targets.has(name)).map((target) => ({ is: 'unknown_target', target }));
}

export type ChoiceProblem =
  | { readonly is: 'unknown_target'; readonly target: string }
  | { readonly is: 'target_outside_parent'; readonly target: string }
  | { readonly is: 'group_outside_parent'; readonly key: string };

/**
 * What is wrong with a choice below `parent` (the levels above it, those from the choice down being null): each target the parent
 * cannot reach, whether it exists or not, and each group the parent does not hold, unless one of the group's members is in the parent's set.
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

/** The parts of a stored choice or grant that give nothing now: deleted or narrowed away above, or groups without a reachable member. */
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

/** Whether a grant or choice would let a target of this name and these labels pass: who would regain a name that is created again. */
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

/** Access objects are frozen and replaced whole, so the sets made of one stay true as long as it lives. */
const SELECTIONS = new WeakMap<Selected, Selection>();

function selectionOf(access: Selected): Selection {
  const known = SELECTIONS.get(access);
  if (known !== undefined) return known;
  const made = { targets: new Set(access.targets), groups: new Set(access.accessGroups) };
  SELECTIONS.set(access, made);
  return made;
}

/** A target named outright before a group it is in, and groups in the order of the choice, so that the answer is always the same. */
function throughOf(access: OrganizationAccess | AccessChoice, target: CallableTarget): AccessThrough | null {
  if (access.mode === 'all') return { is: 'all' };
  if (access.mode === 'inherit') return { is: 'inherited' };
  if (selectionOf(access).targets.has(target.name)) return { is: 'target', target: target.name };
  const key = access.accessGroups.find((group) => target.accessGroups.has(group));
  return key === undefined ? null : { is: 'access_group', key };
}

/** Whether every level above lets the whole group pass, its future members included. */
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
