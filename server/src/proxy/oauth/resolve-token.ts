/** Finds what a token of a trusted issuer opens: the rule that takes it, and the owner of the rule's key. */
import { createHash } from 'node:crypto';
import { type Claims, checkRule, placeOf } from '../../domain/identity/trust.ts';
import type { IssuerKeys } from '../../identity/workload/issuer-keys.ts';
import { readToken } from '../../identity/workload/read-token.ts';
import { type TrustedToken, verifyToken } from '../../identity/workload/verify-token.ts';
import type { Clock } from '../../lib/timing/clock.ts';
import { claimOnce } from '../../store/accounts/sign-in.ts';
import type { AuditTrail } from '../../store/audit/audit.ts';
import type { Database } from '../../store/database.ts';
import { findTrust, type RuleRow, type Trust } from '../../store/workload/trust.ts';
import { memberOf, type RuleOwner, serviceAccountOf } from '../../store/workload/workload-keys.ts';

/** The means to accept tokens of workloads, wired once at start. */
export interface WorkloadParts {
  readonly db: Database;
  readonly clock: Clock;
  /** The start of every audience; null: no token can be accepted. */
  readonly publicUrl: string | null;
  readonly keys: IssuerKeys;
  readonly pepper: Buffer;
  readonly audit: AuditTrail;
}

/** The wishes of a token's holder, beside the token. A field that is not null must fit. */
export interface WantedOfToken {
  readonly use: 'exchange' | 'direct';
  readonly ruleId: string | null;
  /** The id or the slug of the organization. */
  readonly organization: string | null;
  readonly serviceAccountId: string | null;
  readonly teamId: string | null;
}

/** A rule that takes the token. */
export interface ResolvedToken {
  readonly is: 'resolved';
  readonly trust: Trust;
  readonly rule: RuleRow;
  readonly values: readonly string[];
  readonly owner: RuleOwner;
  readonly expiresAtMs: number;
}

export interface RefusedToken {
  readonly is: 'refused';
  readonly words: string;
}

/**
 * Resolves a token. What it answers to a stranger names no rule and no wanted value: people of the organization see both on the
 * page that checks a token. Throws KeysUnreachable, and errors of the store.
 */
export async function resolveToken(
  text: string,
  wanted: WantedOfToken,
  parts: WorkloadParts,
): Promise<ResolvedToken | RefusedToken> {
  const { db, publicUrl } = parts;
  if (publicUrl === null) return refused('Set HEADGATE_PUBLIC_URL: the audience of tokens begins with it.');
  const token = readToken(text);
  if (token.is === 'refused') return token;
  const place = placeOf(publicUrl, token.audience);
  if (place === null) return refused(`The audience (aud) of the token must be ${publicUrl}/trust/ and your organization’s slug.`);
  const trust = await findTrust(db, { place, issuer: token.issuer });
  if (trust === null || !isInForce(trust, wanted)) return refused(untrusted(trust, wanted));
  const verified = await verifyToken(token, trust.issuer, parts);
  if (verified.is === 'refused') return verified;
  const chosen = chooseRule(trust, wanted, verified.claims);
  if (chosen === null) return refused(wanted.ruleId === null ? NO_RULE : NOT_THIS_RULE);
  const owner = await ownerOf(db, trust, chosen.rule, verified.claims);
  if (owner === null) return refused(NO_OWNER);
  if (chosen.rule.isOnce && !(await isFirstUse(trust, verified, parts))) return refused(USED);
  return { is: 'resolved', trust, ...chosen, owner, expiresAtMs: verified.expiresAtMs };
}

const NO_RULE =
  'No active trust rule of the organization takes this token. Its page Workload identity checks a token and says why not.';
const NOT_THIS_RULE =
  'There is no such active trust rule, or it does not take this token. The page Workload identity of the organization checks a token and says why not.';
const NO_OWNER =
  'The owner of the keys of this trust rule is not active: its service account, the member who is linked to the token, or the team.';
const USED = 'This token was used already, or it has no claim jti. The trust rule takes each token once.';

function isInForce({ organization, issuer }: Trust, { use, organization: named }: WantedOfToken): boolean {
  if (organization.status !== 'active' || issuer.status !== 'active') return false;
  if (named !== null && named !== organization.id && named !== organization.slug) return false;
  return use === 'exchange' || issuer.isDirect;
}

/** The same sentence for an unknown organization and for one that does not trust the issuer: strangers learn nothing of either. */
function untrusted(trust: Trust | null, { use }: WantedOfToken): string {
  if (use === 'direct' && trust !== null && !trust.issuer.isDirect)
    return 'Tokens of this issuer are not accepted in place of a key. Exchange the token at /v1/oauth/token.';
  return 'The organization of the audience does not trust the issuer of the token, or is not the one that the request names.';
}

function chooseRule(
  { rules }: Trust,
  wanted: WantedOfToken,
  claims: Claims,
): { readonly rule: RuleRow; readonly values: readonly string[] } | null {
  for (const rule of rules) {
    if (!isWanted(rule, wanted)) continue;
    const { matches, values } = checkRule(rule, claims);
    if (matches && values !== null) return { rule, values };
  }
  return null;
}

function isWanted(rule: RuleRow, { use, ruleId, serviceAccountId, teamId }: WantedOfToken): boolean {
  if (rule.status !== 'active' || (use === 'direct' && rule.isOnce)) return false;
  if (ruleId !== null && ruleId !== rule.id) return false;
  if (serviceAccountId !== null && serviceAccountId !== rule.serviceAccountId) return false;
  return teamId === null || teamId === rule.teamId;
}

function ownerOf(db: Database, { issuer }: Trust, rule: RuleRow, { sub }: Claims): Promise<RuleOwner | null> {
  if (rule.linkProviderId === null) return serviceAccountOf(db, rule);
  if (typeof sub !== 'string' || sub === '' || sub.length > SUBJECT_CHARS_MAX || sub.includes('\0')) return NOBODY;
  return memberOf(db, rule, { issuer: issuer.issuer, subject: sub });
}

const SUBJECT_CHARS_MAX = 512;
const NOBODY: Promise<null> = Promise.resolve(null);

function isFirstUse({ issuer }: Trust, { claims, expiresAtMs }: TrustedToken, { db, clock }: WorkloadParts): Promise<boolean> {
  const { jti } = claims;
  if (typeof jti !== 'string' || jti === '') return Promise.resolve(false);
  const name = createHash('sha256').update(`${issuer.organizationId} ${issuer.id} ${jti}`).digest('hex');
  return claimOnce(db, { name: `jti:${name}`, at: new Date(clock.nowMs()), until: new Date(expiresAtMs) });
}

function refused(words: string): RefusedToken {
  return { is: 'refused', words };
}
