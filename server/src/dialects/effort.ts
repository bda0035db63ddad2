const EFFORT_BY_BUDGET = [
  [2048, 'low'],
  [8192, 'medium'],
] as const;

/** Returns the effort in the words of OpenAI for a budget of thinking. */
export function effortOfBudget(tokens: number): string {
  return EFFORT_BY_BUDGET.find(([most]) => tokens <= most)?.[1] ?? 'high';
}
