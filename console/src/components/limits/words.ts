import { countText, plural, roughMoneyText } from '../../numbers/numbers.ts';
import { dateText } from '../../numbers/times.ts';

/** Every text about limits, budgets and decisions that all pages use, by the file that shows it. */
export const words = {
  // BudgetGauges
  noBudgetHere: 'No budget is set here.',
  of: 'of',
  spent: 'Spent',
  held: 'Held',
  budgetUsed: (ratio: string) => `Budget ${ratio} used`,
  onlyAlerts: 'only alerts · ',
  neverResets: 'never resets',
  resets: 'resets',

  // BudgetHistory
  showIncompleteBudgets: (count: number) => `Show only budgets with incomplete spend (${count})`,
  history: (amount: string, period: string, target: string) => `${amount} ${period}${target}: history`,
  countsTargetsOfGroup: (group: string) =>
    `Counts the targets that are in the access group ${group} now, for earlier periods too.`,
  period: 'Period',
  requests: 'Requests',
  spend: 'Spend',
  used: 'Used',
  requestsWithoutPrice: (count: number) => `${plural(count, 'request', 'requests')} without a price`,
  incomplete: 'Incomplete',
  spendIncomplete: (missed: string) => `This spend does not include ${missed}. A platform admin can set a price.`,
  ratioUsed: (ratio: string) => `${ratio} used`,
  forTarget: (target: string) => ` for ${target}`,
  forAccessGroup: (group: string) => ` for the access group ${group}`,
  statementOfMonth: 'Open the statement of this month',
  since: (date: string) => `Since ${date}`,

  // BudgetRing
  noBudget: 'No budget',
  ofAmount: (amount: string) => `of ${amount}`,
  resetsAt: (when: string) => `resets ${when}`,
  spentAndHeld: (spent: string, held: string, amount: string, action: string) =>
    `${spent} spent and ${held} held of ${amount}${action === 'alert' ? ', which only alerts' : ''}.`,
  itNeverResets: 'It never resets.',
  resetsSentence: 'Resets',
  budgetUsedParts: (ratio: string, spent: string, held: string, amount: string) =>
    `Budget ${ratio} used: ${spent} spent, ${held} held of ${amount}`,

  // DecisionTags
  namedByRequest: 'Named by the request',
  defaultBecause: 'Default, because no deployment has a tag that the request names',
  required: 'Required',
  tags: 'Tags',
  target: 'Target',
  chosenBy: 'Chosen by',
  matchingDeployments: 'Matching deployments',
  deploymentsThatMatchTheTags: 'Deployments that match the tags',
  noTagsDeploymentsWithoutTags: 'No tags: deployments without tags',
  noDeploymentHasAll: 'No deployment has all of the tags',
  none: 'None',

  // DecisionView
  noRuleApplied: 'No limit or budget applied to this request.',
  noRuleChecked: 'No limit or budget was checked.',
  wouldPassSince: 'The same request would pass since',
  unlessMoreUsed: ', unless more was used in the meantime.',
  willPass: 'The same request will pass',
  atTime: ', at',
  ifNothingElseUsed: ', if nothing else is used until then.',
  through: {
    all: 'everything is granted',
    inherited: 'inherits',
    target: 'granted by name',
  },
  organizationCannotCall: 'Access: the organization cannot call a model or route group named',
  access: 'Access',
  notGranted: 'not granted',
  accessGroup: (group: null | string) => `access group ${group}`,
  accessLevelByLevel: 'Access, level by level',
  figuresOf: (verdict: string) =>
    `${verdict === 'admitted' ? 'The figures are from just after the request was admitted. “Held” includes what this request needed.' : 'The figures are from the moment of the refusal. Nothing was held for this request.'} Settled, held and remaining add up to the limit, unless more than the limit is used.`,
  rule: 'Rule',
  scope: 'Scope',
  limit: 'Limit',
  settled: 'Settled',
  remaining: 'Remaining',
  needed: 'Needed',
  verdict: 'Verdict',
  overBy: (amount: string) => `over by ${amount}`,
  passed: 'Passed',
  alerted: 'Alerted',
  budgetOnlyAlerts: 'This budget is used up. It only sends alerts, so it does not refuse requests.',
  refusedDecides: 'Refused (decides)',
  refused: 'Refused',
  largerThanLimit: 'This request is larger than the whole limit.',
  admittedLater: 'It would be admitted later.',
  budgetOf: (period: undefined | string) => `Budget, ${period ?? 'period'}`,
  nameForTarget: (name: string, target: string) => `${name} for ${target}`,

  // LimitBar
  limitWords: {
    rpm: 'requests per minute',
    tpm: 'tokens per minute',
    rph: 'requests per hour',
    tph: 'tokens per hour',
    rpd: 'requests per day',
    tpd: 'tokens per day',
    max_parallel: 'requests in flight',
  },
  inFlight: 'in flight',
  usedOfValue: (used: string, value: string, unit: string, held: number) =>
    `${used} of ${value} ${unit} used${held > 0 ? `, ${countText(held)} held` : ''}`,
  for: 'for',
  blocked: 'blocked',
  countUsed: (used: string) => `${used} used`,
  countHeld: (held: string) => `${held} held`,
  everyRequestRefused: (unit: string) => `0 ${unit}: every request is refused`,

  // LimitGauges
  noRateLimitHere: 'No rate limit is set here.',
  useUnknown: 'Use not known',
  heldInBrackets: (held: string) => ` (${held} held)`,
  allAvailableAgain: (when: string) => ` · all available again ${when}`,
  noLimit: 'No limit',
  usedOfLimit: (used: string, value: string, limit: string, of: null | string) =>
    `${used} of ${value} ${limit}${of === null ? '' : ` for ${of}`}`,

  // LimitsAsSet
  roleHidesUse: 'Your role does not let you see how much is used.',

  // burn
  usedUp: 'Used up.',
  tooEarly: 'Too early for a forecast.',
  nothingSpentInPeriod: 'Nothing spent in this period.',
  perDay: (usd: number) => `${roughMoneyText(usd)} a day`,
  usedUpOn: (pace: string, at: Date) => `${pace}: used up on ${dateText(at)}.`,
  pace: (pace: string) => `${pace}.`,
  lastsUntilReset: (pace: string) => `${pace}: lasts until it resets.`,
};
