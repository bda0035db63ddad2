import type { ReactNode } from 'react';
import { type TagsDraft, tagListWords, tagsBody } from '../../forms/tags-draft.ts';
import { type PolicyDraft, policyBody } from '../fields/policy-draft.ts';
import { accessWords, budgetsWords, limitsWords, modelLimitsWords } from '../fields/policy-words.ts';

/** One part of what a dialog edits: a field of its form, what the server takes for it, and how it reads. */
export interface EditPart<V> {
  readonly name: keyof V & string;
  readonly label: string;
  readonly body: (draft: V) => object;
  readonly words: (draft: V) => ReactNode;
  /** What two versions are told apart by, unless by the body: a secret has none to read. */
  readonly known?: (draft: V) => unknown;
  /** Changing it may take something away from somebody: its effect is asked for before saving. */
  readonly hasEffect?: boolean;
}

/** Limits, budgets and access, as every scope below the organization carries them. */
export function policyParts<V extends PolicyDraft>(): readonly EditPart<V>[] {
  const part = (name: keyof PolicyDraft, label: string, words: (draft: PolicyDraft) => string): EditPart<V> => ({
    name,
    label,
    body: (draft) => ({ [name]: policyBody(draft)[name] }),
    words,
    hasEffect: true,
  });
  return [
    part('rate_limits', 'Rate limits', limitsWords),
    part('model_limits', 'Limits for single models', modelLimitsWords),
    part('budgets', 'Budgets', budgetsWords),
    part('asset_access', 'Asset access', accessWords),
  ];
}

/** Default and required tags, as organizations, teams and keys carry them. */
export function tagParts<V extends TagsDraft>(): readonly EditPart<V>[] {
  const part = (name: keyof TagsDraft, label: string): EditPart<V> => ({
    name,
    label,
    body: (draft) => ({ [name]: tagsBody(draft)[name] }),
    words: (draft) => tagListWords(draft[name]),
  });
  return [part('default_tags', 'Default tags'), part('required_tags', 'Required tags')];
}

/** The parts that differ. */
export function changedParts<V>(parts: readonly EditPart<V>[], one: V, other: V): readonly EditPart<V>[] {
  return parts.filter(({ body, known = body }) => JSON.stringify(known(one)) !== JSON.stringify(known(other)));
}

/** What is sent for these parts: nothing of the others, so that nobody is refused for what they did not touch. */
export function bodyOf<V>(parts: readonly EditPart<V>[], draft: V): object {
  return Object.assign({}, ...parts.map((part) => part.body(draft)));
}

interface Merge<V> {
  /** Changed on both sides to different ends. */
  readonly conflicts: readonly EditPart<V>[];
  /** Changed only by the other. */
  readonly taken: readonly EditPart<V>[];
}

/** Two versions that began at the same one. */
export function mergeOf<V>(parts: readonly EditPart<V>[], versions: { base: V; mine: V; theirs: V }): Merge<V> {
  const { base, mine, theirs } = versions;
  const byThem = changedParts(parts, base, theirs);
  const byMe = new Set(changedParts(parts, base, mine));
  const differing = new Set(changedParts(parts, mine, theirs));
  return {
    conflicts: byThem.filter((part) => byMe.has(part) && differing.has(part)),
    taken: byThem.filter((part) => !byMe.has(part)),
  };
}
