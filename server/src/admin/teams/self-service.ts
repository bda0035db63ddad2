import { z } from 'zod';
import { formatUsd, parseBudgetUsd } from '../../domain/money/money.ts';
import { OWN_KEYS_PERIODS, type OwnKeysCap } from '../../domain/money/own-key-budget.ts';
import type { TeamRow } from '../../store/tenancy/teams.ts';
import { usd } from '../limits/budget-fields.ts';

/** The self-service policy of a team: the keys and logins that members may make for themselves. */

export const selfService = z
  .strictObject({
    enabled: z.boolean().optional().meta({ description: 'True lets members create keys of their own, and log in.' }),
    logins_only: z
      .boolean()
      .optional()
      .meta({ description: 'True lets members log in, and create no keys. It sets `enabled` to false.' }),
    max_keys_per_member: z.int().min(0).max(10_000).nullish(),
    max_expiry_days: z
      .int()
      .min(1)
      .max(3_650)
      .nullish()
      .meta({ description: 'The most days until a key must expire. Null if keys need not expire.' }),
    max_budget: z
      .union([usd, z.strictObject({ amount: usd, period: z.enum(OWN_KEYS_PERIODS) })])
      .nullish()
      .meta({
        description:
          'The most that a member’s own keys, including revoked ones, may spend together in each period. Each key needs a blocking budget of that period or a longer one. A bare amount is per month. Null means no bound.',
      }),
  })
  .meta({ id: 'SelfServiceChange' });

/** The API view of the amount that a member's own keys may spend together. */
export const ownKeysCapOut = z
  .object({ amount: z.string(), period: z.enum(OWN_KEYS_PERIODS) })
  .meta({ id: 'SelfServiceBudget', description: 'USD for each period. Periods begin like those of a budget without an anchor.' });

export const selfServiceOut = z
  .object({
    enabled: z.boolean(),
    logins_only: z.boolean(),
    max_keys_per_member: z.int().nullable(),
    max_expiry_days: z.int().nullable(),
    max_budget: ownKeysCapOut.nullable(),
  })
  .meta({ id: 'SelfService' });

type Stored = TeamRow['selfService'];

/** Applies a PATCH to the policy. Null for the whole turns it off. */
export function patchedSelfService(stored: Stored, patch: z.output<typeof selfService> | null | undefined): Stored {
  if (patch === undefined) return stored;
  if (patch === null) return {};
  const { max_keys_per_member: keys, max_expiry_days: days, max_budget: budget } = patch;
  return withoutUndefined({
    ...patchedAllowance(stored, patch),
    maxKeysPerMember: keys === undefined ? stored.maxKeysPerMember : (keys ?? undefined),
    maxExpiryDays: days === undefined ? stored.maxExpiryDays : (days ?? undefined),
    ...(budget === undefined ? budgetOf(stored) : newBudget(budget)),
  });
}

/** Returns what members may make after a PATCH. Keys and logins only exclude each other, so the one that is named ends the other. */
function patchedAllowance(stored: Stored, { enabled, logins_only: only }: z.output<typeof selfService>): Stored {
  const loginsOnly = only ?? (enabled === true ? undefined : stored.loginsOnly);
  if (loginsOnly === true) return { enabled: false, loginsOnly };
  return withoutUndefined({ enabled: enabled ?? stored.enabled });
}

/** Reports whether members may log in. Who may make keys may log in, too. */
export function allowsLogins({ enabled, loginsOnly }: Stored): boolean {
  return enabled === true || loginsOnly === true;
}

export function renderSelfService(stored: Stored): z.output<typeof selfServiceOut> {
  return {
    enabled: stored.enabled ?? false,
    logins_only: stored.loginsOnly ?? false,
    max_keys_per_member: stored.maxKeysPerMember ?? null,
    max_expiry_days: stored.maxExpiryDays ?? null,
    max_budget: renderCap(ownKeysCap(stored)),
  };
}

export function renderCap(cap: OwnKeysCap | null): z.output<typeof ownKeysCapOut> | null {
  return cap === null ? null : { amount: formatUsd(cap.amountNanoUsd), period: cap.period };
}

/**
 * Returns the most that a member's own keys may spend together, or null for no limit. An amount stored by an earlier version is
 * per month.
 */
export function ownKeysCap({ maxBudgetNanoUsd, maxBudgetPeriod = 'month' }: Stored): OwnKeysCap | null {
  return maxBudgetNanoUsd === undefined ? null : { amountNanoUsd: maxBudgetNanoUsd, period: maxBudgetPeriod };
}

type StoredBudget = Pick<Stored, 'maxBudgetNanoUsd' | 'maxBudgetPeriod'>;

function budgetOf({ maxBudgetNanoUsd, maxBudgetPeriod }: Stored): StoredBudget {
  return withoutUndefined({ maxBudgetNanoUsd, maxBudgetPeriod });
}

function newBudget(budget: NonNullable<z.output<typeof selfService>['max_budget']> | null): StoredBudget {
  if (budget === null) return {};
  const { amount, period } = typeof budget === 'string' ? { amount: budget, period: 'month' as const } : budget;
  const parsed = parseBudgetUsd(amount);
  return parsed.is === 'valid' ? { maxBudgetNanoUsd: parsed.value, maxBudgetPeriod: period } : {};
}

function withoutUndefined(object: Readonly<Record<string, unknown>>): Stored {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
