import { countText } from '../../numbers/numbers.ts';

/** Every text of the overview, by the file that shows it. */
export const words = {
  // Course
  requests: 'Requests',
  refused: 'Refused',
  spend: 'Spend',
  tokens: 'Tokens',
  withoutError: 'Without error',
  errors: 'Errors',
  noRequestsYet: 'Requests and errors appear here with the first call of a key.',
  noRefusalsYet: 'Requests that are refused by a limit, a budget or missing access appear here.',
  noSpendYet: 'Spend appears here with the first request that has a price.',
  noTokensYet: 'Input and output tokens appear here with the first answer.',
  requestsOverTime: 'Requests over time',
  refusedRequestsOverTime: 'Refused requests over time',
  spendOverTime: 'Spend over time',
  tokensOverTime: 'Tokens over time',
  whatTheChartShows: 'What the chart shows',
  chartLabel: (title: string, interval: string) => `${title}, by ${interval}`,

  // Health
  budgetsClosest: 'Budgets closest to their limit',
  noBudgetUsed: 'No budget is used yet.',
  scope: 'Scope',
  organization: 'Organization',
  used: 'Used',
  spent: 'Spent',
  held: 'Held',
  amount: 'Amount',
  resets: 'Resets',
  never: 'never',
  providerHealth: 'Provider health',
  noDeploymentsYet: 'No deployments yet.',
  provider: 'Provider',
  state: 'State',
  attempts: 'Attempts',
  failedAttempts: 'Failed attempts',
  attemptsMean:
    'Counted over the time range of this page. A request can have several attempts, so more attempts than requests can fail.',
  deployments: 'Deployments',
  coolingMeans: 'Paused after failures. One request tests it before it gets others.',
  spentOrHeld: (used: string) => `${used} spent or held`,
  countCooling: (count: number) => `${countText(count)} cooling down`,

  // Numbers
  latencyP50: 'Latency p50',
  latencyP95: 'Latency p95',
  ofRequests: 'of requests',
  ofAllReceived: 'of all received',
  ofTheNewest: (count: number) => `of the newest ${countText(count)}`,
  overTime: (figure: string) => `${figure} over time`,
  shareOf: (share: string, whole: string) => `${share} ${whole}`,

  // OverviewPage
  overview: 'Overview',
  roleShowsNoSpend: 'Your role does not show spend and requests. Use the navigation for the teams and keys that you may see.',
  everyOrganization: 'Every organization of this gateway.',
  inNoOrganization: 'You are not in an organization yet.',

  // OwnKeys
  yourKeys: 'Your keys',
  createKeyStep: 'Create a key',
  noKeysYet: 'You have no keys yet.',
  createAKeyHint:
    'You have no keys yet. Create one, set it as the API key of your OpenAI or Anthropic SDK, and set the base URL of the SDK to this gateway. You get examples with the key.',
  neverUsed: 'never used',
  requestsLink: 'requests',
  usageLink: 'usage',
  createKey: 'Create key',
  usedAt: 'used',

  // SetupCard
  setUp: 'Set up',
  hideTheSetup: 'Hide the setup',
  steps: 'Steps',
  done: 'Done:',
  open: 'Open:',
  countDone: (done: number, all: number) => `Set up: ${countText(done)} of ${countText(all)} done`,
  nextStep: (label: string) => `Next: ${label.toLowerCase()}`,

  // Tops
  topOrganizations: 'Top organizations',
  topModels: 'Top models',
  topKeys: 'Top keys',
  nothingUsed: 'Nothing was used in this time range.',
  req: 'req.',
  comparedWithHighest: (name: string) => `${name}: spend compared with the highest`,

  // setup-steps
  makeTheFirstCall: 'Make the first call',
  connectAProvider: 'Connect a provider',
  chooseModels: 'Choose models',
  createAnOrganization: 'Create an organization',
  createATeam: 'Create a team',
  getModels: 'Get models',
  whoGrantsModels: 'Ask a platform admin to grant models to your organization.',
  addPeople: 'Add people',
  joinATeam: 'Join a team',
  whoAddsToATeam: 'Ask an owner or admin of your organization to add you to a team.',
  getAKey: 'Get a key',
  whoCreatesKeys: 'Your teams do not let members create keys. Ask an admin of your team for one.',
};
