import { countText, plural } from '../../numbers/numbers.ts';

/** Every text about alerts and alert rules, by the file that shows it. */
export const words = {
  // AlertDeliveriesDialog
  channels: { webhook: 'Webhook', slack: 'Chat', mail: 'E-mail' },
  noMessages: 'No messages: no webhook receives this alert, and no e-mail was sent.',
  channelTo: (channel: string) => `${channel} to`,
  messageTo: (channel: string, receiver: string) => `${channel} to ${receiver}`,
  whatWasSent: 'What was sent',
  close: 'Close',
  beingSent: 'Sending…',
  afterAttempts: (attempts: number) => (attempts > 1 ? ` after ${countText(attempts)} attempts` : ''),
  mailServerAccepted: (after: string) => `The mail server accepted it${after}.`,
  receiverAnswered: (status: number | string, after: string) => `The receiver answered ${status}${after}.`,
  notDelivered: (problem: string, after: string) => `Not delivered${after}: ${problem}.`,
  noAnswer: 'no answer',
  sentAgain: ' It will be sent again.',

  // AlertRulesList
  howRulesWork: 'Each rule is checked once a minute. An incident raises one alert when it begins and one when it ends.',
  createAlertRule: 'Create alert rule',
  searchByNameOrId: 'Search by name or id',
  organization: 'Organization',
  allRules: 'All rules',
  noAlertRulesYet: 'No alert rules yet',
  whatARuleDoes: (isPlatforms: boolean) =>
    isPlatforms
      ? 'Create a rule to get an alert when requests fail or are refused, spend is unusual, a provider is down or a credential expires.'
      : 'Create a rule to get an alert when requests fail or are refused, or when spend is unusual.',
  testOfTheAlertRule: 'Test of the alert rule',
  rule: 'Rule',
  condition: 'Condition',
  status: 'Status',
  thePlatform: 'The platform',
  sendsTo: 'Sends to',
  disabled: 'Disabled',
  notFiring: 'Not firing',
  firing: 'Firing',
  webhookCount: (count: number) => plural(count, 'webhook', 'webhooks'),
  platformAdmins: 'platform admins',
  owners: 'owners',
  onlyThisPage: 'Only this page',
  isNow: (name: string, isEnabled: boolean) => `${name} is ${isEnabled ? 'enabled' : 'disabled'}.`,
  actionsFor: (name: string) => `Actions for ${name}`,
  sendATest: 'Send a test',
  edit: 'Edit',
  enable: 'Enable',
  disable: 'Disable',
  delete: 'Delete',
  deleteAlertRule: 'Delete alert rule',
  raisesNoMore: 'It raises no more alerts.',
  alertsAreKept: 'The alerts that it raised are kept.',
  wasDeleted: (name: string) => `${name} was deleted.`,

  // AlertsPage
  alerts: 'Alerts',
  rules: 'Rules',
  whenAlertsAreRaised:
    'A budget raises one alert for each threshold in each period. An alert rule raises one when an incident begins and one when it ends.',
  whereAlertsGo:
    'Alerts are shown here and sent to webhooks. If a mail server is configured, owners also get alerts about budgets by e-mail.',
  kind: 'Kind',
  anyKind: 'Any kind',
  noAlertsYet: 'No alerts yet',
  howToGetAlerts: 'Add a threshold to a budget, or create an alert rule. An alert appears here when a threshold is passed.',
  messagesOfThisAlert: 'Messages of this alert',
  when: 'When',
  what: 'What',
  messages: 'Messages',
  showMessages: 'Show messages',

  // RuleDialogs
  chooseAnOrganization: 'Choose an organization.',
  wasCreated: (name: string) => `${name} was created. Send a test to see whether its messages arrive.`,
  name: 'Name',
  theWholePlatform: 'The whole platform',
  editNamed: (name: string) => `Edit ${name}`,
  thisAlertRule: 'This alert rule',

  // RuleFields
  watches: 'Watches',
  timeWindow: 'Time window',
  minimum: (counted: string) => `Minimum number of ${counted}`,
  minimumSpendUsd: 'Minimum spend, USD',
  quietTimeMinutes: 'Quiet time, minutes',
  quietTimeMeans: 'An incident ends when the figure was below the threshold for this long.',
  chat: (name: string) => `${name} (chat)`,
  webhooksAndChats: 'Webhooks and chats',
  noWebhooksYet: 'No webhooks yet. Create one first, for a program or a chat.',
  subscribersAlwaysGetIt: 'Webhooks that subscribe to alert rules always get these alerts.',
  mailToPlatformAdmins: 'Send e-mail to the platform admins',
  mailToOwners: 'Send e-mail to the owners of the organization',

  // alert-kinds
  test: 'Test',
  alertKinds: {
    'budget.threshold': { label: 'Budget threshold', about: 'Settled spend passed a threshold of a budget.' },
    'credential.failing': { label: 'Credential refused', about: 'A provider refuses a credential.' },
    'credential.recovered': { label: 'Credential works again', about: 'A credential that was refused works again.' },
    'ledger.drift': { label: 'Ledger drift', about: 'Counters or reports differed from the ledger and were corrected.' },
    'prices.changed': { label: 'List prices changed', about: 'Published prices differ from those that deployments use.' },
    'rule.firing': { label: 'Alert rule firing', about: 'The figure of an alert rule passed its threshold.' },
    'rule.recovered': { label: 'Alert rule recovered', about: 'The figure of an alert rule is below its threshold again.' },
  },

  // alert-sentence
  credentialRefused: (provider: string, credential: string, reason: string) =>
    `${provider} refuses the credential ${credential}: ${reason}`,
  noReason: 'no reason given',
  credentialWorks: (credential: string) => `The credential ${credential} works again`,
  ledgerDrift: (counters: number, days: number) =>
    `${plural(counters, 'counter', 'counters')} and ${plural(days, 'day', 'days')} of reports differed from the ledger and were corrected`,
  pricesChanged: (count: number) => `${plural(count, 'published price', 'published prices')} changed`,
  periods: {
    day: 'daily',
    week: 'weekly',
    month: 'monthly',
    quarter: 'quarterly',
    year: 'yearly',
    total: 'total',
    rolling: 'rolling',
  },
  budgetOf: (period: string, target: string | null) => `${period} budget${target === null ? '' : ` for ${target}`}`,
  budgetSpent: (whose: string, percent: number, budget: string, spent: string, amount: string) =>
    `${whose}: ${countText(percent)}% of the ${budget} is spent, ${spent} of ${amount}`,
  alertRule: 'Alert rule',
  platformInSentence: 'the platform',
  recovered: (rule: string, what: string) => `${rule}: ${what} is below the threshold again`,
  fired: (rule: string, what: string, figure: string | null) => `${rule}: ${what}${figure === null ? '' : `, ${figure}`}`,
  requestsFailed: (percent: string) => `${percent} of the requests failed`,
  requestsRefused: (percent: string) => `${percent} of the requests were refused`,
  attemptsFailed: (percent: string) => `${percent} of the attempts failed`,
  refusedByProvider: 'refused by its provider',
  hasExpired: 'has expired',
  expiresIn: (days: number) => `expires in ${plural(days, 'day', 'days')}`,
  spentUnusually: (spent: string, usual: string) => `${spent} spent, usually ${usual}`,

  // rule-draft
  ruleKinds: {
    error_rate: {
      label: 'Failed requests',
      about: 'The share of admitted requests that failed.',
      threshold: 'Failed requests, at least',
    },
    refusals: {
      label: 'Refused requests',
      about: 'The share of all requests that a limit, a budget or missing access refused.',
      threshold: 'Refused requests, at least',
    },
    deployment_failing: {
      label: 'A deployment fails',
      about:
        'The share of attempts at each deployment that failed, for example because the provider is down. Errors that the request caused do not count.',
      threshold: 'Failed attempts, at least',
    },
    credential: {
      label: 'A credential fails or expires',
      about: 'A provider refuses a credential, or a credential expires soon.',
      threshold: 'Days before it expires',
    },
    spend: {
      label: 'Unusual spend',
      about:
        'Compares the spend of the last full hours with the median of the same weekday and hours in the last eight weeks. Needs three weeks of use. A score above 3.5 is unusual (modified z-score of Iglewicz and Hoaglin).',
      threshold: 'Score, at least',
    },
  },
  days: 'days',
  requests: 'requests',
  attempts: 'attempts',
  windowOf: (minutes: number) =>
    minutes % 60 === 0 ? plural(minutes / 60, 'hour', 'hours') : plural(minutes, 'minute', 'minutes'),
  enterName: 'Enter a name.',
  enterAboveZero: 'Enter a number above 0.',
  enterWholeNumber: 'Enter a whole number of at least 1.',
  enterAMinute: 'Enter at least 1 minute.',
  threshold: 'Threshold',
  minimumCount: 'Minimum number',
  minimumSpend: 'Minimum spend',
  quietTime: 'Quiet time',
  minutes: (count: number) => plural(count, 'minute', 'minutes'),
  webhooks: 'Webhooks',
  eMail: 'E-mail',
  yes: 'yes',
  no: 'no',
  credentialCondition: (days: number) => `Refused, or expires within ${plural(days, 'day', 'days')}`,
  shareCondition: (threshold: number, window: string, minimum: string) =>
    `At least ${threshold}% in ${window}, of at least ${minimum}`,
  spendCondition: (score: number, window: string, minimum: string) =>
    `Score of at least ${score} in ${window}, with at least ${minimum} spent`,
};
