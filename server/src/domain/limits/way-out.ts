import type { CounterUnit } from './limit-plan.ts';

/** What a request that a limit will never let pass could do with its output cap: nothing where that plays no part. */
export type CapChange = 'lower' | 'set' | 'unknown' | null;

const CAP_WORDS = { lower: 'lower `max_tokens`', set: 'set `max_tokens`', unknown: 'set a smaller `max_tokens`' } as const;

/**
 * What to change about a request that a rule will never let pass, as half a sentence. Of tokens a hold exceeds the whole limit only by its
 * input, which the expected output never does (`hold.ts`); a limit of 0 lets nothing pass.
 */
export function wayOut(unit: CounterUnit, limitValue: number, cap: CapChange): string {
  const raised = `have the ${unit === 'nano_usd' ? 'budget' : 'limit'} raised`;
  if (limitValue === 0 || unit === 'requests' || unit === 'parallel') return raised;
  const output = unit === 'nano_usd' && cap !== null ? `${CAP_WORDS[cap]}, ` : '';
  return `${output}send less input or ${raised}`;
}
