import { countText, plural } from '../../numbers/numbers.ts';

/** Every text about usage and spend, by the file that shows it. */
export const words = {
  // Totals
  estimatedRequests: 'Estimated requests',
  refusedRequests: 'Refused requests',
  requestsWithoutPrice: 'Requests without a price',
  before: (count: string) => `before: ${count}`,
  comparedWith: (span: string, timeZone: string) => `Compared with ${span} (${timeZone}), when`,
  wasSpent: 'was spent.',

  // UnitsTable
  byUnit: 'By unit',
  unitsMean: 'What providers bill per unit, and special kinds of tokens. These tokens are also in the token count.',
  unitsWithoutPrice:
    ' Spend does not include units without a price. A platform admin can set a price on the deployment’s page. Of tools and beta features it is only known that they were requested.',
  useByUnit: 'Use by unit',
  unit: 'Unit',
  attempts: 'Attempts',
  quantity: 'Quantity',
  withoutPrice: 'Without a price',

  // UsageChart
  metrics: { spend: 'Spend', requests: 'Requests', total_tokens: 'Tokens' },
  by: (group: string) => `By ${group.toLowerCase()}`,
  whatTheChartShows: 'What the chart shows',

  // UsagePage
  usageAndSpend: 'Usage & spend',
  whatIsCounted:
    'A request appears here within a second after it ends. Refused requests are counted separately and cost nothing.',
  soFar: ', so far',
  daysIn: (zone: string) => `(days in ${zone})`,
  statementsOf: 'Statements of which organization?',
  statements: 'Statements',
  exportMeans: 'All rows that match the range and the filters',
  csv: 'CSV',
  focus: 'FOCUS (CSV), a standard for cost reports',
  groupBy: 'Group by',
  byBefore: 'by',
  chartInterval: 'Chart interval',
  per: (interval: string) => `per ${interval}`,
  compare: 'Compare with the period before',

  // UsageTable
  columns: {
    admitted_requests: 'Requests',
    estimated_requests: 'Estimated',
    refused_requests: 'Refused',
    input_tokens: 'Input',
    cached_input_tokens: 'Cached input',
    output_tokens: 'Output',
    reasoning_tokens: 'Reasoning',
    total_tokens: 'Tokens',
  },
  spend: 'Spend',
  change: 'Change',
  units: 'Units',
  nothingUsed: 'Nothing was used in this time range. Choose another range or remove a filter.',
  total: 'Total',
  onlyHighestSpend: (count: number) =>
    `Only the ${countText(count)} rows with the highest spend. The total includes all rows. Export as CSV to get every row.`,
  rows: (count: number) => plural(count, 'row', 'rows'),
  showMore: 'Show more rows',
  breakDownBy: (group: string) => `Break down by ${group}`,
  open: 'Open',
  openNamed: (name: string) => `Open ${name}`,
  requests: 'Requests',
  requestsOf: (name: string) => `Requests of ${name}`,
  unitQuantity: (unit: string, quantity: number) => `${unit}: ${countText(quantity)}`,

  // groups
  organization: 'Organization',
  team: 'Team',
  key: 'Key',
  member: 'Member',
  serviceAccount: 'Service account',
  model: 'Model',
  deployment: 'Deployment',
  provider: 'Provider',
  requestTag: 'Request tag',
  deploymentOwner: 'Owner of the deployment',
  deploymentTag: 'Deployment tag',
  endUser: 'End user',
  session: 'Session',
  client: 'Client',
  namesAreBounded:
    'Callers name these. “other” adds up those beyond the first 10,000 of a day (UTC) in an organization; the request log has each of them.',
  severalRequestTags: 'A request counts under each of its tags, so the rows add up to more than the total.',
  severalDeploymentTags:
    'A deployment’s requests count under each tag that it has now, so the rows add up to more than the total.',
};
