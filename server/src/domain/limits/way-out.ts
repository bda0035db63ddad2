import type { CounterUnit } from './limit-plan.ts';

/** The change of the output cap that could let a refused request pass; null if the cap plays no part. */
export type CapChange = 'lower' | 'set' | 'unknown' | null;

const CAP_WORDS = { lower: 'lower', set: 'set', unknown: 'set a smaller' } as const;

/**
 * Returns the change that lets a request pass which a rule would otherwise never let pass, as half a sentence. A hold exceeds a
 * whole token limit only by its input, never by its expected output (`hold.ts`). A limit of 0 lets nothing pass. `capField`: the caller's
 * name of the output cap.
 */
export function wayOut(unit: CounterUnit, limitValue: number, cap: CapChange, capField = 'max_tokens'): string {
  const raised = `ask an admin to raise the ${unit === 'nano_usd' ? 'budget' : 'limit'}`;
  if (limitValue === 0 || unit === 'requests' || unit === 'parallel') return raised;
  const output = unit === 'nano_usd' && cap !== null ? `${CAP_WORDS[cap]} \`${capField}\`, ` : '';
  return `${output}send less input or ${raised}`;
}
