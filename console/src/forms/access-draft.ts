import type { Schema } from '../api/client.ts';

/** Asset access in a form. `nothing` stands for an organization's `selected` with an empty selection. */

export type AccessMode = 'nothing' | 'all' | 'selected' | 'inherit' | 'restrict';

export interface AccessDraft {
  readonly mode: AccessMode;
  readonly targets: readonly string[];
  readonly access_groups: readonly string[];
}

export const NOTHING_GRANTED: AccessDraft = { mode: 'nothing', targets: [], access_groups: [] };
export const INHERITED: AccessDraft = { mode: 'inherit', targets: [], access_groups: [] };

export function accessDraft(access: Schema<'Grants'> | Schema<'Choice'>): AccessDraft {
  const { mode, targets, access_groups } = access;
  const isNothing = mode === 'selected' && targets.length === 0 && access_groups.length === 0;
  return { mode: isNothing ? 'nothing' : mode, targets, access_groups };
}

/** Returns the request body for an organization's grants. */
export function grantsBody({ mode, targets, access_groups }: AccessDraft) {
  if (mode === 'all') return { mode: 'all' as const };
  const selected = mode === 'selected';
  return {
    mode: 'selected' as const,
    targets: selected ? [...targets] : [],
    access_groups: selected ? [...access_groups] : [],
  };
}

/** Returns the request body for what a team, member or key keeps of its parent. */
export function choiceBody({ mode, targets, access_groups }: AccessDraft) {
  if (mode !== 'restrict') return { mode: 'inherit' as const };
  return { mode: 'restrict' as const, targets: [...targets], access_groups: [...access_groups] };
}
