/**
 * The rules of sign-in evidence: what a session has shown, and what an organization asks for. A role in an organization counts only
 * while the evidence of the session meets the organization's policy. So an identity provider opens its own organization and nothing
 * else, whatever address it asserts.
 */
import type { SecondFactorPolicy, SignInPolicyMode } from './words.ts';

/** The source of evidence that the person showed here. Every other source is the id of an identity provider. */
export const OWN = 'own';

/** The ways to show own evidence. `link`: a link that works once. */
export const OWN_METHODS = ['password', 'passkey', 'link'] as const;
export type OwnMethod = (typeof OWN_METHODS)[number];

/** One thing that a session has shown. */
export interface Evidence {
  readonly source: string;
  /** The organization of the identity provider; null for own evidence. */
  readonly organizationId: string | null;
  /** Null for an identity provider, and for own evidence of a session that an earlier version made. */
  readonly method: OwnMethod | null;
  readonly secondFactor: boolean;
  readonly shownAtMs: number;
  /** Null: it ends with the session, or by the policy. */
  readonly expiresAtMs: number | null;
}

/** The rules of an organization for sign-ins. */
export interface SignInRules {
  readonly signIn: SignInPolicyMode;
  readonly secondFactor: SecondFactorPolicy;
  /** The time for which evidence counts after it was shown. */
  readonly evidenceHours: number;
  /** The longest time without use of the session; null: any. */
  readonly idleMinutes: number | null;
  /** The accounts of owners who may come in by passkey while `sso` is enforced. */
  readonly breakGlass: readonly string[];
  readonly enforcedAtMs: number | null;
}

/**
 * The proof that a session must still show. `sign_in`: one of the ways that the organization accepts. `sso`: a sign-in through one of its
 * identity providers. `second_factor`: a second factor.
 */
export const NEEDS = ['sign_in', 'sso', 'second_factor'] as const;
export type Need = (typeof NEEDS)[number];

/** The time for which a provider's evidence counts in an organization without a policy. */
export const EVIDENCE_HOURS = 12;

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** A membership as it is judged: the organization, the account's role there, and the organization's rules; null: no rules. */
export interface JudgedPlace {
  readonly organizationId: string;
  readonly accountId: string;
  readonly role: string;
  readonly rules: SignInRules | null;
}

/** The evidence of a session, at one moment. */
export interface Shown {
  readonly evidence: readonly Evidence[];
  /** The last time when the session was idle for too long, by organization. Earlier evidence does not count there. */
  readonly idleUntilMs: ReadonlyMap<string, number>;
  readonly nowMs: number;
}

/** Returns what the session must still show before the role in this place counts. Null: the role counts. */
export function needOf(place: JudgedPlace, shown: Shown): Need | null {
  const { rules } = place;
  const counting = shown.evidence.filter((one) => counts(one, place, shown));
  const own = counting.filter(({ source }) => source === OWN);
  if (rules?.signIn === 'sso') {
    const isThroughProvider = counting.length > own.length;
    if (!isThroughProvider && !own.some((one) => opensInEmergency(one, place, rules))) return 'sso';
  } else if (counting.length === 0) return 'sign_in';
  switch (rules?.secondFactor ?? 'off') {
    case 'off':
      return null;
    case 'idp_or_own':
      return counting.some(({ secondFactor }) => secondFactor) ? null : 'second_factor';
    case 'own':
      return own.some(({ secondFactor }) => secondFactor) ? null : 'second_factor';
  }
}

/** Reports whether the session shows that it is the person's own: then it may use platform roles and change the account. */
export function hasOwn({ evidence, nowMs }: Pick<Shown, 'evidence' | 'nowMs'>): boolean {
  return evidence.some(({ source, expiresAtMs }) => source === OWN && (expiresAtMs === null || expiresAtMs > nowMs));
}

/**
 * Returns the organizations that a session may learn of; null: all. One that identity providers alone opened knows only theirs, also
 * after their evidence has ended: then the person comes through them again.
 */
export function knownTo(shown: Pick<Shown, 'evidence' | 'nowMs'>): readonly string[] | null {
  if (hasOwn(shown)) return null;
  return [...new Set(shown.evidence.flatMap(({ organizationId }) => organizationId ?? []))];
}

/** Returns the identity providers whose evidence the session still holds: what a sign-out there did not end. */
export function providersIn({ evidence, nowMs }: Pick<Shown, 'evidence' | 'nowMs'>) {
  return evidence.flatMap(({ source: id, organizationId, expiresAtMs }) =>
    organizationId === null || (expiresAtMs !== null && expiresAtMs <= nowMs) ? [] : [{ id, organizationId }],
  );
}

/** Reports whether the session was idle for longer than these rules allow. */
export function wasIdle(rules: SignInRules | null, { lastUsedMs, nowMs }: { lastUsedMs: number; nowMs: number }): boolean {
  const minutes = rules?.idleMinutes ?? null;
  return minutes !== null && nowMs - lastUsedMs > minutes * MINUTE_MS;
}

/** Reports whether this passkey sign-in opens an organization in an emergency: by one of its few owners, since it was enforced. */
export function opensInEmergency(
  { method, shownAtMs }: Pick<Evidence, 'method' | 'shownAtMs'>,
  { accountId, role }: Pick<JudgedPlace, 'accountId' | 'role'>,
  rules: SignInRules,
): boolean {
  if (rules.signIn !== 'sso' || method !== 'passkey' || role !== 'org_owner') return false;
  return rules.breakGlass.includes(accountId) && shownAtMs >= (rules.enforcedAtMs ?? 0);
}

function counts(one: Evidence, { organizationId, rules }: JudgedPlace, { idleUntilMs, nowMs }: Shown): boolean {
  const isOwn = one.source === OWN;
  if (!isOwn && one.organizationId !== organizationId) return false;
  if (one.expiresAtMs !== null && one.expiresAtMs <= nowMs) return false;
  if (one.shownAtMs < (idleUntilMs.get(organizationId) ?? Number.NEGATIVE_INFINITY)) return false;
  if (isOwn && rules === null) return true;
  return nowMs < one.shownAtMs + (rules?.evidenceHours ?? EVIDENCE_HOURS) * HOUR_MS;
}
