/**
 * SQL for the usage of one ledger row in units without a column in the rollups. The writer, the proof and reports must share it.
 */
import { TIER_WORDS } from '../../domain/money/service-tier.ts';

// These mean not null, written so that the planner expects few rows. If it expected many, it would JIT-compile the statement for
// seconds.
const hasOthers = `jsonb_typeof(other_usage) = 'object'`;
const hasUnpriced = `sign(length(unpriced_units)) = 1`;

/** The condition for a ledger row with such units. */
export const HAS_UNITS = `(${hasOthers} or ${hasUnpriced})`;

/** The number of uses of a row: 1, or 0 for an adjustment. */
export const USES = `(kind <> 'adjustment')::integer`;

const isUnpriced = `nano_usd is null or unit = any(string_to_array(unpriced_units, ','))`;
const knownTiers = TIER_WORDS.map((word) => `'service_tier:${word}'`).join(', ');

/**
 * The unit of a name. Callers and providers choose names of tools, betas and tiers, so only their kinds are counted, to keep
 * units few.
 */
const kindOfName = `case when name in (${knownTiers}) then name when name like 'cache\\_write:%' then 'other' else split_part(name, ':', 1) end`;

/**
 * A lateral join for ledger rows: `used (unit, amount, unpriced)`. It includes things without a price that the usage does not
 * count, such as a tool or a tier. Their amount is 1 per row, or the tokens of `cache_write`, the one bucket with a column that
 * may have no price.
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
