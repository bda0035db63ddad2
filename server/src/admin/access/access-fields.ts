import { z } from 'zod';
import {
  type AccessChoice,
  type AccessLevels,
  type ChoiceProblem,
  choiceProblems,
  grantProblems,
  ineffectiveChoices,
  type OrganizationAccess,
} from '../../domain/access/access.ts';
import type { Catalogue } from '../../domain/routing/catalogue.ts';
import { knownCatalogue } from '../../store/configuration/known-catalogue.ts';
import type { Database } from '../../store/database.ts';
import { type Fault, invalid, invalidFields } from '../http/problem.ts';
import { never, text } from '../http/schemas.ts';
import { accessGroupKey } from '../limits/rate-limit-fields.ts';

/** Asset access in the API: an organization's grants, and the choices that narrow them at the levels below. */

const SELECTED_MAX = 1_000;
const selection = {
  targets: z.array(text(200, 1)).max(SELECTED_MAX).optional(),
  access_groups: z.array(accessGroupKey).max(SELECTED_MAX).optional(),
};

/** The shapes that `requireNothingSelected` refuses, for the reference. */
function selectsUnder(mode: string) {
  return never(
    ...(['targets', 'access_groups'] as const).map((list) => ({
      required: ['mode', list],
      properties: { mode: { const: mode }, [list]: { type: 'array', items: {}, minItems: 1 } },
    })),
  );
}

export const grants = z.strictObject({ mode: z.enum(['all', 'selected']).optional(), ...selection }).meta({
  id: 'GrantsChange',
  ...selectsUnder('all'),
  description:
    '`all` grants every target, including future ones. `selected` grants only the listed targets and access groups; empty lists grant nothing.',
});
export const choice = z.strictObject({ mode: z.enum(['inherit', 'restrict']).optional(), ...selection }).meta({
  id: 'ChoiceChange',
  ...selectsUnder('inherit'),
  description: '`inherit` keeps everything that the parent may call. `restrict` keeps only the listed targets and access groups.',
});

const selected = { targets: z.array(z.string()), access_groups: z.array(z.string()) };
const selectionOut = {
  ...selected,
  ineffective: z.object(selected).optional().meta({
    description:
      'Selected targets and groups that have no effect now: deleted, removed by a level above, or groups without a reachable member.',
  }),
};
export const grantsOut = z.object({ mode: z.enum(['all', 'selected']), ...selectionOut }).meta({ id: 'Grants' });
export const choiceOut = z.object({ mode: z.enum(['inherit', 'restrict']), ...selectionOut }).meta({ id: 'Choice' });

export type GrantsBody = z.output<typeof grants>;
export type ChoiceBody = z.output<typeof choice>;

export const NOTHING_GRANTED: OrganizationAccess = { mode: 'selected', targets: [], accessGroups: [] };
export const INHERITED: AccessChoice = { mode: 'inherit' };

/**
 * Applies a PATCH to grants. An absent field keeps its value, a list replaces the list, and null for the whole grants nothing.
 * Throws 400 if something is selected with mode `all`.
 */
export function patchedGrants(stored: OrganizationAccess, patch: GrantsBody | null | undefined): OrganizationAccess {
  if (patch === undefined) return stored;
  if (patch === null) return NOTHING_GRANTED;
  if ((patch.mode ?? stored.mode) === 'selected') return { mode: 'selected', ...patchedSelection(stored, patch) };
  requireNothingSelected(patch, 'all');
  return { mode: 'all' };
}

/** Applies a PATCH to a choice. Null for the whole inherits. Throws 400 if something is selected with mode `inherit`. */
export function patchedChoice(stored: AccessChoice, patch: ChoiceBody | null | undefined): AccessChoice {
  if (patch === undefined) return stored;
  if (patch === null) return INHERITED;
  if ((patch.mode ?? stored.mode) === 'restrict') return { mode: 'restrict', ...patchedSelection(stored, patch) };
  requireNothingSelected(patch, 'inherit');
  return INHERITED;
}

export function renderGrants(access: OrganizationAccess): z.output<typeof grantsOut> {
  return { mode: access.mode, ...renderSelection(access) };
}

export function renderChoice(access: AccessChoice): z.output<typeof choiceOut> {
  return { mode: access.mode, ...renderSelection(access) };
}

/**
 * Returns the parts of a selection that give nothing now. `above` holds the levels above; it is null for an organization's
 * grants.
 */
export function renderIneffective(above: AccessLevels | null, access: OrganizationAccess | AccessChoice, catalogue: Catalogue) {
  const { targets, accessGroups } = ineffectiveChoices(above, access, catalogue);
  return { targets: [...targets], access_groups: [...accessGroups] };
}

/** Returns the catalogue without secrets, which is enough to decide what can be granted. */
export function accessCatalogue(db: Database): Promise<Catalogue> {
  return knownCatalogue(db);
}

/**
 * Throws 400 naming each target that does not exist. Targets that are stored already may stay: grants of a deleted model are
 * kept, ineffective, and must not block another change.
 */
export function requireGrantable(
  wanted: OrganizationAccess,
  catalogue: Catalogue,
  stored: OrganizationAccess = NOTHING_GRANTED,
): void {
  refuse(grantProblems(wanted, catalogue), selectionOf(wanted), selectionOf(stored));
}

/** Throws 400 naming each target or group outside the parent's set. Those that are stored already may stay, ineffective. */
export function requireWithinParent(
  parent: AccessLevels,
  wanted: AccessChoice,
  catalogue: Catalogue,
  stored: AccessChoice = INHERITED,
): void {
  refuse(choiceProblems(parent, wanted, catalogue), selectionOf(wanted), selectionOf(stored));
}

interface Selection {
  readonly targets: readonly string[];
  readonly accessGroups: readonly string[];
}

function selectionOf(access: OrganizationAccess | AccessChoice): Selection {
  return 'targets' in access ? access : { targets: [], accessGroups: [] };
}

function patchedSelection(stored: OrganizationAccess | AccessChoice, patch: GrantsBody | ChoiceBody): Selection {
  const kept = selectionOf(stored);
  return {
    targets: [...new Set(patch.targets ?? kept.targets)],
    accessGroups: [...new Set(patch.access_groups ?? kept.accessGroups)],
  };
}

/**
 * Throws 400 if a patch selects something under a mode that ignores selections: the stored value would differ from the request.
 */
function requireNothingSelected(patch: GrantsBody | ChoiceBody, mode: string): void {
  const isNothing = (patch.targets ?? []).length === 0 && (patch.access_groups ?? []).length === 0;
  if (!isNothing)
    throw invalid(
      '/asset_access/mode',
      `mode "${mode}" takes no targets and no access groups: leave both lists empty or choose another mode`,
    );
}

function renderSelection(access: OrganizationAccess | AccessChoice) {
  const { targets, accessGroups } = selectionOf(access);
  return { targets: [...targets], access_groups: [...accessGroups] };
}

function refuse(problems: readonly ChoiceProblem[], wanted: Selection, stored: Selection): void {
  const faults = problems.flatMap((problem) => faultOf(problem, wanted, stored));
  if (faults.length > 0) throw invalidFields(faults);
}

/**
 * Returns the message for a target that cannot be chosen. Below an organization, an unknown target and one that is not granted
 * get the same message, so that a tenant cannot learn which models exist.
 */
function messageOf(problem: Exclude<ChoiceProblem, { is: 'group_outside_parent' }>): string {
  return problem.is === 'unknown_target'
    ? `there is no model or route group "${problem.target}"`
    : `"${problem.target}" does not exist or is not allowed at the level above: allow it there first`;
}

function faultOf(problem: ChoiceProblem, wanted: Selection, stored: Selection): readonly Fault[] {
  if (problem.is === 'group_outside_parent') {
    if (stored.accessGroups.includes(problem.key)) return [];
    return [
      {
        pointer: `/asset_access/access_groups/${wanted.accessGroups.indexOf(problem.key)}`,
        message: `the level above neither holds the access group "${problem.key}" nor may call any of its members: grant it there first`,
      },
    ];
  }
  if (stored.targets.includes(problem.target)) return [];
  const pointer = `/asset_access/targets/${wanted.targets.indexOf(problem.target)}`;
  return [{ pointer, message: messageOf(problem) }];
}
