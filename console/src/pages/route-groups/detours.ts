import type { EditPart } from '../../components/dialogs/edit-parts.ts';
import { words } from './words.ts';

/** The targets for requests that a model or a route group cannot serve, in a form. */
export interface DetourDraft {
  readonly context_fallbacks: readonly string[];
  readonly policy_fallbacks: readonly string[];
  readonly canary: CanaryDraft | null;
  readonly mirror: CanaryDraft | null;
}

/** A canary or a mirror in a form: exactly one of its two places is set. */
export interface CanaryDraft {
  readonly deployment_id: string | null;
  readonly target: string | null;
  readonly percent: number;
}

export function detourDraft({ context_fallbacks, policy_fallbacks, canary, mirror }: DetourDraft): DetourDraft {
  return { context_fallbacks: [...context_fallbacks], policy_fallbacks: [...policy_fallbacks], canary, mirror };
}

export function detourBody({ context_fallbacks, policy_fallbacks, canary, mirror }: DetourDraft) {
  const fallbacks = { context_fallbacks: [...context_fallbacks], policy_fallbacks: [...policy_fallbacks] };
  return { ...fallbacks, canary: canaryBody(canary), mirror: canaryBody(mirror) };
}

function canaryBody(canary: CanaryDraft | null): CanaryBody | null {
  if (canary === null) return null;
  const { deployment_id, target, percent } = canary;
  return target === null ? { deployment_id: deployment_id ?? '', percent } : { target, percent };
}

type CanaryBody =
  | { readonly deployment_id: string; readonly percent: number }
  | { readonly target: string; readonly percent: number };

/** Returns a canary or a mirror in words: `2.5% to fast · gpt-5`. */
export function canaryWords(canary: CanaryDraft | null, nameOf: (deploymentId: string) => string): string {
  if (canary === null) return words.none;
  const { deployment_id, target, percent } = canary;
  return words.percentTo(percent, target ?? nameOf(deployment_id ?? ''));
}

/** Returns targets in their order: `long → longer`. */
export function inOrderWords(names: readonly string[]): string {
  return names.length === 0 ? words.none : names.join(' → ');
}

/** Returns the parts of a dialog that edits them. */
export function detourParts<V extends DetourDraft>(nameOf: (deploymentId: string) => string): readonly EditPart<V>[] {
  return [
    {
      name: 'context_fallbacks',
      label: words.contextFallbacks,
      words: ({ context_fallbacks }) => inOrderWords(context_fallbacks),
    },
    {
      name: 'policy_fallbacks',
      label: words.policyFallbacks,
      words: ({ policy_fallbacks }) => inOrderWords(policy_fallbacks),
    },
    {
      name: 'canary',
      label: words.canary,
      body: ({ canary }) => ({ canary: canaryBody(canary) }),
      words: ({ canary }) => canaryWords(canary, nameOf),
    },
    {
      name: 'mirror',
      label: words.mirror,
      body: ({ mirror }) => ({ mirror: canaryBody(mirror) }),
      words: ({ mirror }) => canaryWords(mirror, nameOf),
    },
  ];
}

/** Reads them from a policy's JSON, or says what is wrong with them. Absent: none. */
export function detoursFromJson(policy: Partial<DetourDraft>): DetourDraft | { readonly problem: string } {
  const { context_fallbacks = [], policy_fallbacks = [], canary = null, mirror = null } = policy;
  if (!isNames(context_fallbacks)) return { problem: words.mustBeNames('context_fallbacks') };
  if (!isNames(policy_fallbacks)) return { problem: words.mustBeNames('policy_fallbacks') };
  if (!isCanary(canary)) return { problem: words.shareMustBe('canary') };
  if (!isCanary(mirror)) return { problem: words.shareMustBe('mirror') };
  return { context_fallbacks, policy_fallbacks, canary: placed(canary), mirror: placed(mirror) };
}

function placed(share: CanaryDraft | null): CanaryDraft | null {
  return share === null ? null : { ...NO_PLACE, ...share };
}

const NO_PLACE = { deployment_id: null, target: null };

function isCanary(value: CanaryDraft | null): boolean {
  if (value === null) return true;
  if (typeof value !== 'object' || typeof value.percent !== 'number') return false;
  return [value.deployment_id, value.target].filter((one) => typeof one === 'string').length === 1;
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
