import { type LimitPlan, tightestTokenLimit } from '../../domain/limits/limit-plan.ts';
import { limitWordsOf } from '../limit-headers.ts';

/** Returns the parts of an entitlement that follow from its limits. */
export function planFacts(plan: LimitPlan) {
  const blocks = plan.rules.filter(({ limit, action }) => limit === 'budget' && action === 'block');
  return {
    tokensMax: tightestTokenLimit(plan),
    limitWords: limitWordsOf(plan),
    needsPrice: blocks.length > 0,
    clamps: blocks.some(({ clampOutput }) => clampOutput),
  };
}
