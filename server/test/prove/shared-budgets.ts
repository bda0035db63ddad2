// Budgets raced for over three replicas that count together: never overspent, and ledger, rollups and counters agree.
export { runBudgets as run } from './shared-limits.ts';
