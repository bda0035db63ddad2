import type { ReactNode } from 'react';
import { type TagsDraft, tagListWords, tagsBody } from '../../forms/tags-draft.ts';
import { type PolicyDraft, policyBody } from '../fields/policy-draft.ts';
import {
  accessLines,
  belowEachOther,
  budgetLines,
  labelLimitLines,
  limitLines,
  modelLimitLines,
} from '../fields/policy-words.ts';
import { words } from './words.ts';

/** One part of what a dialog edits: the field of its form, the body to send for it, and its value in words. */
export interface EditPart<V> {
  readonly name: keyof V & string;
  readonly label: string;
  /** Defaults to the field itself. */
  readonly body?: (draft: V) => object;
  readonly words: (draft: V) => ReactNode;
  /** The value by which two versions are compared. Defaults to the body; a secret has none that can be read. */
  readonly known?: (draft: V) => unknown;
  /** True if a change may take something from somebody. The dialog then shows the effect before saving. */
  readonly hasEffect?: boolean;
}

/** Returns the part for the name of an object. */
export function namePart<V extends { readonly name: string }>(): EditPart<V> {
  return { name: 'name', label: words.name, body: ({ name }) => ({ name: name.trim() }), words: ({ name }) => name };
}

/** Returns the parts for limits, budgets and access, which every scope below the organization has. */
export function policyParts<V extends PolicyDraft>(): readonly EditPart<V>[] {
  const part = (name: keyof PolicyDraft, label: string, lines: (draft: PolicyDraft) => readonly string[]): EditPart<V> => ({
    name,
    label,
    body: (draft) => ({ [name]: policyBody(draft)[name] }),
    words: (draft) => belowEachOther(lines(draft)),
    hasEffect: true,
  });
  return [
    part('rate_limits', words.rateLimits, ({ rate_limits }) => limitLines(rate_limits)),
    part('model_limits', words.modelLimits, ({ model_limits }) => modelLimitLines(model_limits)),
    part('budgets', words.budgets, ({ budgets }) => budgetLines(budgets)),
    part('asset_access', words.assetAccess, ({ asset_access }) => accessLines(asset_access)),
  ];
}

/** Returns the parts for default and required tags, which organizations, teams and keys have. */
export function tagParts<V extends TagsDraft>(): readonly EditPart<V>[] {
  const part = (name: keyof TagsDraft, label: string, inWords: (draft: V) => ReactNode): EditPart<V> => ({
    name,
    label,
    body: (draft) => ({ [name]: tagsBody(draft)[name] }),
    words: inWords,
  });
  return [
    part('default_tags', words.defaultTags, (draft) => tagListWords(draft.default_tags)),
    part('required_tags', words.requiredTags, (draft) => tagListWords(draft.required_tags)),
    part('require_end_user', words.requireEndUser, (draft) => (draft.require_end_user ? words.yes : words.no)),
    {
      ...part('label_limits', words.labelLimits, (draft) => belowEachOther(labelLimitLines(draft.label_limits))),
      hasEffect: true,
    },
  ];
}

/** Returns the parts that differ between two drafts. */
export function changedParts<V>(parts: readonly EditPart<V>[], one: V, other: V): readonly EditPart<V>[] {
  const knownOf = (part: EditPart<V>, draft: V) => JSON.stringify(part.known?.(draft) ?? bodyOf([part], draft));
  return parts.filter((part) => knownOf(part, one) !== knownOf(part, other));
}

/**
 * Returns the body to send for these parts. Parts left out need no permission, so nobody is refused for what they did not change.
 */
export function bodyOf<V>(parts: readonly EditPart<V>[], draft: V): object {
  return Object.assign({}, ...parts.map(({ name, body }) => body?.(draft) ?? { [name]: draft[name] }));
}

interface Merge<V> {
  /** Parts that both sides changed to different values. */
  readonly conflicts: readonly EditPart<V>[];
  /** Parts that only the other person changed. */
  readonly taken: readonly EditPart<V>[];
}

/** Compares two versions that have the same base. */
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
