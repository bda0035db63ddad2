import type { Budget } from '../domain/budget.ts';
import { formatUsd } from '../domain/money.ts';
import type { Database } from '../store/database.ts';
import * as keys from '../store/keys.ts';
import type { TeamRow } from '../store/teams.ts';
import { forbidden, invalid } from './problem.ts';

/** A key that a member makes or changes for themself. */
export interface OwnKey {
  readonly membershipId: string;
  readonly expiresAt: Date | null;
  readonly budgets: readonly Budget[];
}

const DAY_MS = 86_400_000;

/** Throws 403 or 400 where a member's own key goes beyond what the team lets its members do alone. */
export async function requireSelfService(db: Database, team: TeamRow, key: OwnKey, now: Date): Promise<void> {
  const policy = team.selfService;
  if (policy.enabled !== true) throw forbidden('This team does not let its members make keys of their own.');
  const own = { organizationId: team.organizationId, teamId: team.id, membershipId: key.membershipId };
  if (policy.maxKeysPerMember !== undefined && (await keys.listLiving(db, own)).length >= policy.maxKeysPerMember) {
    throw forbidden(`In this team a member has at most ${policy.maxKeysPerMember} keys of their own.`);
  }
  requireExpiry(policy.maxExpiryDays, key.expiresAt, now);
  requireBudget(policy.maxBudgetNanoUsd, key.budgets);
}

function requireExpiry(daysMax: number | undefined, expiresAt: Date | null, now: Date): void {
  if (daysMax === undefined) return;
  if (expiresAt === null || expiresAt.getTime() > now.getTime() + daysMax * DAY_MS) {
    throw invalid('/expires_at', `in this team a member’s own key expires within ${daysMax} days`);
  }
}

function requireBudget(nanoUsdMax: number | undefined, budgets: readonly Budget[]): void {
  if (nanoUsdMax === undefined) return;
  const caps = budgets.filter((budget) => budget.action === 'block' && budget.match.is === 'any');
  if (caps.some((budget) => budget.amountNanoUsd <= nanoUsdMax)) return;
  throw invalid('/budgets', `in this team a member’s own key has a block budget of at most ${formatUsd(nanoUsdMax)} USD`);
}
