import { z } from 'zod';
import { formatUsd, parseBudgetUsd } from '../domain/money.ts';
import type { TeamRow } from '../store/teams.ts';
import { usd } from './budget-fields.ts';

/** What a team's members may do with keys of their own. */

export const selfService = z
  .strictObject({
    enabled: z.boolean().optional(),
    max_keys_per_member: z.int().min(0).max(10_000).nullish(),
    max_expiry_days: z
      .int()
      .min(1)
      .max(3_650)
      .nullish()
      .meta({ description: 'Keys must expire within so many days; null: they need not.' }),
    max_budget: usd.nullish().meta({ description: 'A key must carry a block budget of at most this; null: it need not.' }),
  })
  .meta({ id: 'SelfServiceChange' });

export const selfServiceOut = z
  .object({
    enabled: z.boolean(),
    max_keys_per_member: z.int().nullable(),
    max_expiry_days: z.int().nullable(),
    max_budget: z.string().nullable(),
  })
  .meta({ id: 'SelfService' });

type Stored = TeamRow['selfService'];

/** The policy after a PATCH; null as a whole turns it off. */
export function patchedSelfService(stored: Stored, patch: z.output<typeof selfService> | null | undefined): Stored {
  if (patch === undefined) return stored;
  if (patch === null) return {};
  const { enabled, max_keys_per_member: keys, max_expiry_days: days, max_budget: budget } = patch;
  return withoutUndefined({
    enabled: enabled ?? stored.enabled,
    maxKeysPerMember: keys === undefined ? stored.maxKeysPerMember : (keys ?? undefined),
    maxExpiryDays: days === undefined ? stored.maxExpiryDays : (days ?? undefined),
    maxBudgetNanoUsd: budget === undefined ? stored.maxBudgetNanoUsd : nanoOf(budget),
  });
}

export function renderSelfService(stored: Stored): z.output<typeof selfServiceOut> {
  return {
    enabled: stored.enabled ?? false,
    max_keys_per_member: stored.maxKeysPerMember ?? null,
    max_expiry_days: stored.maxExpiryDays ?? null,
    max_budget: stored.maxBudgetNanoUsd === undefined ? null : formatUsd(stored.maxBudgetNanoUsd),
  };
}

function nanoOf(budget: string | null): number | undefined {
  if (budget === null) return undefined;
  const parsed = parseBudgetUsd(budget);
  return parsed.is === 'valid' ? parsed.value : undefined;
}

function withoutUndefined(object: Readonly<Record<string, unknown>>): Stored {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
