import type { NewPolicy, SignInPolicy } from '../../../api/identity.ts';

/** A policy as its form shows it. */
export interface PolicyDraft {
  readonly sign_in: SignInPolicy['sign_in'];
  readonly second_factor: SignInPolicy['second_factor'];
  readonly evidence_hours: number | '';
  readonly idle_minutes: number | '';
  readonly break_glass: readonly string[];
  readonly asks_again: boolean;
}

/** Returns the whole policy to send: a PUT replaces all of it. */
export function bodyOf({ evidence_hours, idle_minutes, break_glass, ...rest }: PolicyDraft): NewPolicy {
  return {
    ...rest,
    evidence_hours: Number(evidence_hours),
    idle_minutes: idle_minutes === '' ? null : idle_minutes,
    break_glass: [...break_glass].sort(),
  };
}
