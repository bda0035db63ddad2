/** What one ledger row used in units that have no column in the rollups, as SQL: the writer, the proof and reports must say the same. */
import { TIER_WORDS } from '../../domain/money/service-tier.ts';

// The same as not null, said so that the planner expects few rows: for many it would compile the statement, which takes seconds.
const hasOthers = `jsonb_typeof(other_usage) = 'object'`;
const hasUnpriced = `sign(length(unpriced_units)) = 1`;

/** Of a ledger row: it used such units. */
export const HAS_UNITS = `(${hasOthers} or ${hasUnpriced})`;

/** 1, but for an adjustment, which is no further use. */
export const USES = `(kind <> 'adjustment')::integer`;

const isUnpriced = `nano_usd is null or unit = any(string_to_array(unpriced_units, ','))`;
const knownTiers = TIER_WORDS.map((word) => `'service_tier:${word}'`).join(', ');

/** Tools, betas and tiers are named by callers and providers: only kinds of them are added up, so that there are few units. */
const kindOfName = `case when name in (${knownTiers}) then name when name like 'cache\\_write:%' then 'other' else split_part(name, ':', 1) end`;

/**
 * Joined to ledger rows: `used (unit, amount, unpriced)`. What had no price is among it also where the usage does not count it (a tool, a
 * tier): then one a row, or the tokens of the one bucket that has a column and may have no price.
 */
export const UNITS_OF_ROW = `lateral (
    select unit, amount::bigint, case when ${isUnpriced} then amount::bigint else 0 end
    from jsonb_each_text(case when ${hasOthers} then other_usage end) as counted (unit, amount)
    union all
    select unit, amount, amount from (
      select distinct ${kindOfName} as unit, case name when 'cache_write' then cache_write_tokens else ${USES} end as amount
      from unnest(string_to_array(unpriced_units, ',')) as named (name)
      where not coalesce(jsonb_exists(other_usage, name), false)
    ) as uncounted
  ) as used (unit, amount, unpriced)`;
