import { plural } from '../numbers/numbers.ts';

const DEFAULT_TAGS = 'Used if a request names no tag that any deployment of the model has.';
const REQUIRED_TAGS =
  'Added to every request. Only deployments that have all of them can serve it. If there is none, the request is refused with no_deployment_for_tags.';

/** Every text of the forms for limits, budgets, access and tags, by the file that shows it. */
export const words = {
  // AccessCount
  targetsNotComputed: (message: string) => `The callable targets could not be computed: ${message}`,
  canCall: (holder: string) => `${holder} can call`,
  targetsAfterCount: (count: number | undefined) => (count === 1 ? 'target.' : 'targets.'),
  hideTargets: 'Hide targets',
  showTargets: 'Show targets',
  andMore: (more: string) => `and ${more} more`,
  throughAccessGroup: (group: string) => `through the access group ${group}`,
  selected: 'selected',
  everythingIsGranted: 'everything is granted',
  inherited: 'inherited',

  // AssetAccessEditor
  assetAccess: 'Asset access',
  levelAbove: 'the level above',
  nothing: 'Nothing',
  nothingMeans: 'No model can be called.',
  everything: 'Everything',
  everythingMeans: 'All models and route groups, including future ones.',
  selectedLabel: 'Selected',
  selectedMeans: 'The targets and access groups that you select.',
  inherit: 'Inherit',
  inheritMeans: (parentName: string) => `Everything that ${parentName} can call, now and in the future.`,
  restrict: 'Restrict',
  restrictMeans: (parentName: string) =>
    `Only what you select, within what ${parentName} can call. If you select nothing, nothing can be called.`,

  // AuditFields
  off: 'Off',
  offMeans: 'No content is stored. The request log itself takes about 1 kB per request.',
  metadata: 'Metadata',
  metadataMeans: 'Roles, sizes and tool names, but no text. Adds about 0.5 kB per request.',
  full: 'Full',
  fullMeans:
    'The whole request and response, encrypted. Adds their size: about 4 kB for a page of text, 40 kB for a long conversation.',
  contentOfRequests: 'Content of requests',
  keepContentFor: 'Keep content for',
  keepTheRequestLogFor: 'Keep the request log for',
  retentionMeans:
    'Content is encrypted with a key that only this organization has. Deleting the organization destroys the key, so no one can read the content any more. An hourly job deletes content and requests that are older than these days. The ledger, reports and the audit log are kept.',
  days: ' days',
  forever: 'Forever',
  keptForever: 'Kept forever.',
  atMostDays: (days: number) => `At most ${plural(days, 'day', 'days')}.`,

  // CacheFields
  noCacheMeans: 'Every request is answered by a provider.',
  whoGetsThemAgain: 'Who gets an answer again',
  cacheMeans:
    'If a request is the same as an earlier one, its answer is given again at no cost. Only models and route groups that allow it are cached.',

  // ResponsesFields
  noResponsesMeans: 'Answers of the Responses API are not stored. Applications send the whole conversation with each request.',
  keep30Days: 'Keep for 30 days',
  keep30DaysMeans:
    'Applications can read answers and continue conversations by their ids. Questions and answers are encrypted with the organization’s key. A request can say that its answer is not stored.',
  answersOfResponses: 'Answers of the Responses API',
  whoFindsThem: 'Who finds a stored answer',
  filesAndBatches: 'Files and batches',
  batchesOn: 'Allow',
  batchesOnMeans:
    'Applications can upload files of requests and run them as batches. Files are stored encrypted, and end after at most 30 days.',
  batchesOff: 'Do not allow',
  batchesOffMeans: 'New files and batches are refused. Those that are stored are not found until you allow them again.',
  whoFindsFiles: 'Who finds a file or a batch',
  theSameKeyUploaded: 'Only the key that uploaded it.',
  theSameTeamUploaded: 'All keys of the team that uploaded it.',
  theSameKey: 'The same key',
  theSameKeyMeans: 'Only the key that made the request.',
  theSameTeam: 'The same team',
  theSameTeamMeans: 'All keys of the team that made the request.',
  wholeOrganization: 'The whole organization',
  wholeOrganizationMeans: 'All keys of all teams in the organization.',

  // EndUsersFields
  endUsersOfRequests: 'End users of requests',
  endUsersHashed: 'As pseudonyms',
  endUsersHashedMeans:
    'Usage can be grouped by end user, but nobody can read who it is. A person who knows a name can search for it.',
  endUsersKept: 'As the caller sends them',
  endUsersKeptMeans: 'Names are readable in the request log, in usage and in exports, and stay in the usage for good.',
  endUsersOff: 'Not at all',
  endUsersOffMeans: 'End users are neither stored nor counted. Sessions and clients are.',

  // MirroringFields
  copiesOfRequests: 'Copies of requests',
  mirroringRefused: 'Refuse',
  mirroringRefusedMeans: 'No request of this organization is copied.',
  mirroringAllowed: 'Allow',
  mirroringAllowedMeans:
    'The platform may send copies of a share of the requests to other deployments, also of other vendors, to try them. It pays for them, and nobody gets their answers.',

  // BudgetFields
  noBudgetMeans:
    'No budget: spend is recorded but not limited. If you add several budgets, each counts separately. A request is refused if any blocking budget is used up.',
  addBudget: 'Add budget',

  // BudgetRow
  removeBudgetNumber: (ordinal: number) => `Remove budget ${ordinal}`,
  removeBudget: 'Remove budget',
  zeroBudgetRefuses: 'A budget of 0 refuses every request that costs money.',
  zeroBudgetNeverAlerts: 'A budget of 0 never sends an alert. Enter a larger amount.',
  budgetNumber: (ordinal: number) => `Budget ${ordinal}`,
  amount: 'Amount',
  period: 'Period',
  alertAtUsed: 'Alert at % used',
  none: 'None',
  whenBudgetUsedUp: (ordinal: number) => `When budget ${ordinal} is used up`,
  blockWhenUsedUp: 'Block when used up',
  onlyAlert: 'Only alert',
  shortenAnswers: 'Shorten answers to what is left',
  shortenAnswersMeans: 'The budget is never exceeded, but answers near its end are cut short.',

  // ChooserList
  countSelected: (chosen: number) => `${chosen} selected`,
  searchIn: (label: string) => `Search ${label}`,
  search: 'Search',
  noResults: 'No results.',
  removeRow: (id: string) => `Remove ${id}`,
  loading: 'Loading',

  // GroupChooser
  accessGroups: 'Access groups',
  noAccessGroupsYet: 'No access groups yet. Type the key of a new group to grant it now, and add targets to it later.',
  noTargetsYet: 'no targets yet',
  takesEffectLater: 'No targets yet: takes effect when you add one',
  targetsNow: (count: number) => `${plural(count, 'target', 'targets')} now`,
  groupNotGranted: 'This group is not granted to the organization.',

  // MatchFields
  kindLabels: {
    everything: 'All models',
    target: 'A model or route group',
    access_group: 'An access group',
  },
  appliesTo: 'Applies to',
  nameOrPrefix: 'Name or prefix*',
  accessGroup: 'Access group',
  prefixExample: 'gpt-5*',
  groupExample: 'beta',

  // ModelLimitFields
  removeLimitNumber: (index: number, name: string) => `Remove limit ${index} for ${name || 'a model'}`,
  removeLimit: 'Remove limit',
  limitNumber: (index: number, name: string) => `Limit ${index} for ${name || 'a model'}`,
  addModelLimit: 'Add model limit',

  // PeriodFields
  firstMonth: 'First month',
  secondMonth: 'Second month',
  thirdMonth: 'Third month',
  beginsOn: 'Begins on',
  beginsIn: 'Begins in',
  onDay: 'On day',
  length: 'Length',
  unit: 'Unit',
  hours: 'hours',
  unitDays: 'days',
  rollingMeans: 'Rolling: spend older than this length no longer counts.',
  neverResets: 'Never resets.',
  nextReset: 'Next reset:',

  // RateLimitFields
  requestsPerMinute: 'Requests per minute',
  rpm: 'RPM',
  tokensPerMinute: 'Tokens per minute',
  tpm: 'TPM',
  requestsPerHour: 'Requests per hour',
  rph: 'RPH',
  tokensPerHour: 'Tokens per hour',
  tph: 'TPH',
  requestsPerDay: 'Requests per day',
  rpd: 'RPD',
  tokensPerDay: 'Tokens per day',
  tpd: 'TPD',
  requestsInFlight: 'Requests in flight',
  rateLimitsMean: (timeZone: string) =>
    `Leave a field empty for no limit. 0 refuses every request. Minutes and hours are rolling: the last 60 seconds and the last 60 minutes. Days are calendar days in ${timeZone}.`,
  noLimit: 'No limit',
  removeLimitOf: (label: string) => `Remove the limit of ${label}`,
  noLimitSentence: 'No limit.',
  blockedSentence: 'Blocked: every request is refused.',
  inAny60Seconds: (count: string) => `At most ${count} in any 60 seconds.`,
  inAny60Minutes: (count: string) => `At most ${count} in any 60 minutes.`,
  perCalendarDay: (count: string, timeZone: string) => `At most ${count} per calendar day, from midnight in ${timeZone}.`,
  atTheSameTime: (count: string) => `At most ${count} at the same time.`,

  // TagFields
  defaultTags: 'Default tags',
  requiredTags: 'Required tags',
  defaultTagsOf: {
    organization: `${DEFAULT_TAGS} Default tags of a team or key replace these.`,
    team: `${DEFAULT_TAGS} They replace those of the organization. Default tags of a key replace these.`,
    key: `${DEFAULT_TAGS} They replace those of the team and the organization.`,
  },
  requiredTagsOf: {
    organization: `${REQUIRED_TAGS} Teams and keys can add more but cannot remove these.`,
    team: `${REQUIRED_TAGS} Those of the organization apply too.`,
    key: `${REQUIRED_TAGS} Those of the team and the organization apply too.`,
  },

  requireEndUser: 'Requests must have an end user',
  requireEndUserMeans: 'A request without one is refused with 400. It applies if the organization, the team or the key has it.',

  // LabelLimitFields
  labelLimitsMean:
    'For the requests with one tag, or for those of each end user. A rate limit, or a budget that blocks, needs a rule that makes callers name the label: a required tag, or required end users. Budgets here send no alerts by mail.',
  labelLimitNumber: (ordinal: number) => `Limit by label ${ordinal}`,
  labelLimitOf: 'Applies to',
  oneTag: 'One tag',
  eachEndUser: 'Each end user',
  tag: 'Tag',
  addLabelLimit: 'Add a limit by tag or end user',
  removeLabelLimit: (ordinal: number) => `Remove limit by label ${ordinal}`,

  callerTags: 'Tags that requests name',
  callerTagsAre: { route: 'Choose deployments', attribute: 'Are labels only', refuse: 'Are refused' },
  callerTagsMean: {
    route: 'Those that a deployment carries choose deployments. The others are labels.',
    attribute: 'They choose no deployment. Usage can be grouped by them.',
    refuse: 'A request that names tags is refused with 400.',
  },

  // TargetChooser
  levelWords: {
    organization: 'Not granted to the organization.',
    team: 'The team’s restriction excludes it.',
    user: 'The member’s restriction excludes it.',
    key: 'The key’s restriction excludes it.',
  },
  modelsAndRouteGroups: 'Models and route groups',
  noModelsYet: 'No models yet. A platform admin adds them on the Models page.',
  firstByName: (shown: number) => `The first ${shown} by name are shown. Search for the others.`,
  priceIn: (price: string) => `${price} in`,
  priceOut: (price: string) => `${price} out`,
  routeGroup: 'Route group',
  model: 'Model',
  inGroups: (groups: string) => `in ${groups}`,
  noPrice: 'no price',
  perMillionTokens: (cost: string) => `${cost} / 1M tokens`,
  notAvailableAbove: 'Not available at the level above.',
  askAdminForIt: 'Ask a platform admin for it.',
  grantToOrganization: 'Grant it to the organization',

  // budget-draft
  day: 'Day',
  week: 'Week',
  month: 'Month',
  quarter: 'Quarter',
  year: 'Year',
  total: 'Total, never resets',
  rolling: 'Rolling',
  inTotal: 'in total',
  perPeriod: (period: string) => `per ${period}`,
  inAnyHour: 'in any hour',
  inAnyDays: (days: number) => `in any ${days} days`,
  inAnyHours: (hours: number) => `in any ${hours} hours`,

  // tags-draft
  requires: (requiredTags: string) => `Requires ${requiredTags}`,
  default: 'Default',
  noOwnTags: 'No tags at this level',
  requiresEndUsers: 'requires end users',
};
