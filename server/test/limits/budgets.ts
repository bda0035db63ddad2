/** Budgets at every scope: what must be true of money, whatever gateway it is asked of. */
import type { Scope } from '../../src/domain/tenancy/tenancy.ts';
import { amountOfCall, type Burst, countersOf, type Flown, holdAndSettle, sumBelow } from './burst.ts';
import { holdNanoUsd, keysOf, type LimitSite, type Rule } from './site.ts';

/** The budget that leaves room for exactly so many calls: a nano-dollar less than one more would need. */
export function budgetOf(scope: Scope, { room }: Burst, site: Pick<LimitSite, 'nanoUsdOf'>): Rule {
  return { scope, limit: 'budget', value: (room + 1) * holdNanoUsd(site) - 1 };
}

/**
 * A burst admits exactly ⌊amount ÷ hold⌋; then calls one after another pass while a hold fits, and no longer. Spend never shows above the
 * amount, and in the end counters, ledger and the answers' usage say the same. Returns what was not so.
 */
export async function budgetProblems(site: LimitSite, scope: Scope, burst: Burst): Promise<string[]> {
  const problems: string[] = [];
  const rule = budgetOf(scope, burst, site);
  const flown = [...(await holdAndSettle(site, rule, burst, problems))];
  for (const key of scope === 'key' ? keysOf('key') : keysOf(scope).slice(0, 1)) {
    flown.push(...(await spendTheRest(site, rule, key, flown, problems)));
  }
  const ledger = await site.ledgerNanoUsd();
  const answered = sumBelow('organization budget', flown, site);
  if (ledger !== answered) problems.push(`the ledger holds ${ledger}, the answers' usage costs ${answered}`);
  return problems;
}

const CALLS_MAX = 2_000;

/** One call after another: each must pass exactly when a whole hold still fits. */
async function spendTheRest(
  site: LimitSite,
  rule: Rule,
  key: number,
  before: readonly Flown[],
  problems: string[],
): Promise<Flown[]> {
  const counter = rule.scope === 'key' ? `key ${key} budget` : (countersOf(rule)[0] as string);
  const flown: Flown[] = [];
  let spent = sumBelow(counter, before, site);
  for (let calls = 0; calls < CALLS_MAX; calls += 1) {
    const fits = spent + amountOfCall(site, rule) <= rule.value;
    const answer = await site.call(key);
    flown.push({ key, answer });
    if (fits !== (answer.status === 200)) problems.push(`with ${rule.value - spent} left a call was answered ${answer.status}`);
    if (answer.status !== 200) break;
    spent = sumBelow(counter, [...before, ...flown], site);
    if (spent > rule.value) problems.push(`${spent} was spent of ${rule.value}`);
  }
  const shown = (await site.settled()).get(counter);
  if (shown?.used !== spent || shown.held !== 0)
    problems.push(`${counter} shows ${JSON.stringify(shown)} in the end, not ${spent}`);
  return flown;
}
