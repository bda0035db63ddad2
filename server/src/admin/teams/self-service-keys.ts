import type { Budget } from '../../domain/limits/budget.ts';
import { formatUsd } from '../../domain/money/money.ts';
import { mostInPeriodNanoUsd, type OwnKeysCap, startOfPeriodMs } from '../../domain/money/own-key-budget.ts';
import type { Database } from '../../store/database.ts';
import * as budgetsStore from '../../store/tenancy/budgets.ts';
import * as keys from '../../store/tenancy/keys.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import type { TeamRow } from '../../store/tenancy/teams.ts';
import { forbidden, invalid } from '../http/problem.ts';
import { allowsLogins, ownKeysCap } from './self-service.ts';

/** The refusals where a team's policy lets members make nothing of the kind. */
const NO_OWN_KEYS = 'Members of this team may not create their own keys. Ask a team admin for a key.';
export const LOGINS_ONLY = 'This team allows logins only. Run headgate login.';
export const NO_LOGINS = 'This team does not allow logins. Ask a team admin to allow them.';

/** A key that a member makes for themself. */
export interface OwnKey {
  readonly kind: 'key' | 'login';
  readonly membershipId: string;
  readonly expiresAt: Date | null;
  readonly budgets: readonly Budget[];
}

const DAY_MS = 86_400_000;

/** Throws 403 or 400 if a member's own key exceeds what the team allows its members. Lock the team first. */
export async function requireSelfService(
  db: Database,
  team: TeamRow,
  key: OwnKey,
  now: Date,
  ended: EndedUse = NONE_ENDED,
): Promise<void> {
  const policy = team.selfService;
  if (key.kind === 'login' && !allowsLogins(policy)) throw forbidden(NO_LOGINS);
  if (key.kind === 'key' && policy.enabled !== true) throw forbidden(policy.loginsOnly === true ? LOGINS_ONLY : NO_OWN_KEYS);
  const own = { organizationId: team.organizationId, teamId: team.id, membershipId: key.membershipId };
  if (policy.maxKeysPerMember !== undefined && (await keys.listLiving(db, own)).length >= policy.maxKeysPerMember) {
    throw forbidden(
      key.kind === 'login'
        ? `You have reached the most keys and logins that a member of this team may have: ${policy.maxKeysPerMember}. End one first, or log in again on the same device.`
        : `You have reached the most keys that a member of this team may have: ${policy.maxKeysPerMember}. Revoke one first, or ask a team admin.`,
    );
  }
  requireExpiry(policy.maxExpiryDays, key.expiresAt, now);
  const cap = ownKeysCap(policy);
  if (cap !== null) await requireWithinCap(db, own, cap, key.budgets, { now, ended });
}

/** The nano-dollars that keys of ended logins used of their budgets, by key. The other ended keys count with their whole budgets. */
export type EndedUse = ReadonlyMap<string, number>;
export const NONE_ENDED: EndedUse = new Map();

/** A member's keys in one team. */
export interface KeysOfMember {
  readonly organizationId: string;
  readonly teamId: string;
  readonly membershipId: string;
}

/**
 * Returns how much a member's keys in a team can spend in the present period of its cap, in nano-dollars. Keys that ended within
 * the period count, so that a new key does not bring a new budget. A key that an admin made without such a budget counts nothing:
 * the admin decided so.
 */
export async function spokenForNanoUsd(
  db: Database,
  own: KeysOfMember,
  cap: OwnKeysCap,
  now: Date,
  ended: EndedUse = NONE_ENDED,
): Promise<number> {
  const timeZone = (await organizations.timeZones(db, [own.organizationId])).get(own.organizationId) ?? 'UTC';
  const since = new Date(startOfPeriodMs(cap, timeZone, now.getTime()));
  const ids = await keys.idsAliveSince(db, own, since);
  const budgets = await budgetsStore.listMany(db, [own.organizationId], 'key', ids);
  return ids.reduce((sum, id) => {
    const most = mostInPeriodNanoUsd(cap, budgets.get(id) ?? []) ?? 0;
    return sum + Math.min(most, ended.get(id) ?? most);
  }, 0);
}

function requireExpiry(daysMax: number | undefined, expiresAt: Date | null, now: Date): void {
  if (daysMax === undefined) return;
  if (expiresAt === null || expiresAt.getTime() > now.getTime() + daysMax * DAY_MS) {
    throw invalid('/expires_at', `must be within ${daysMax} days: this team sets that bound for its members’ own keys`);
  }
}

async function requireWithinCap(
  db: Database,
  own: KeysOfMember,
  cap: OwnKeysCap,
  budgets: readonly Budget[],
  { now, ended }: { readonly now: Date; readonly ended: EndedUse },
): Promise<void> {
  const wanted = mostInPeriodNanoUsd(cap, budgets);
  const bound = `${formatUsd(cap.amountNanoUsd)} USD per ${PERIOD_WORDS[cap.period]}`;
  if (wanted === null || wanted > cap.amountNanoUsd) {
    throw invalid(
      '/budgets',
      `must have a blocking budget of at most ${bound}, for that period or a longer one: this team sets that bound for its members’ own keys`,
    );
  }
  const left = cap.amountNanoUsd - (await spokenForNanoUsd(db, own, cap, now, ended));
  if (wanted <= left) return;
  const rest = `${formatUsd(Math.max(0, left))} USD is left`;
  throw invalid(
    '/budgets',
    `must be lower: a member’s own keys in this team may spend ${bound} together, including keys revoked in this period, and ${rest}`,
  );
}

const PERIOD_WORDS = {
  day: 'day',
  week: 'week',
  month: 'month',
  quarter: 'quarter',
  year: 'year',
  total: 'member for good',
} as const;
