import { countText, moneyText, plural } from '../../numbers/numbers.ts';

/** Every text of the pages about keys, by the file that shows it. */
export const words = {
  // CreateKeyDialog
  createKey: 'Create key',
  team: 'Team',
  searchByNameOrId: 'Search by name or id',
  isReady: (name: string) => `Key ${name} is ready`,

  // CreateKeyForm
  enterAName: 'Enter a name: the application, job or person that uses the key.',
  name: 'Name',
  nameMeans: 'The application, job or person that uses the key.',
  thisKey: 'This key',
  theTeam: (name: string) => `the team ${name}`,
  keysPerPerson: (most: number) => `at most ${plural(most, 'key', 'keys')} per person`,
  eachExpires: (days: number) => `each key expires within ${plural(days, 'day', 'days')}`,
  spendAtMost: (amount: string, per: string) =>
    `all keys of a person together spend at most ${moneyText(amount)} ${per}, including revoked keys`,
  ownKeyIn: (team: string, rules: string) =>
    `You create a key of your own in ${team}${rules === '' ? '.' : `. Its rules: ${rules}.`}`,
  keysLeft: (left: number) => ` You can create ${countText(left)} more.`,
  shared:
    ' Your logins share this amount. The budget below takes all of it unless you lower it, and then a later login finds nothing left.',
  budgetLeft: (usd: string) => ` You have ${moneyText(usd)} left to spend.`,

  // EditKeyDialog
  owner: 'Owner',
  expiry: 'Expiry',
  ownLimitsAreFixed: 'You cannot change the limits, budgets or tags of your own key. Ask another admin of the team.',
  editNamed: (name: string) => `Edit ${name}`,
  moveMeans: (team: string) =>
    `The key then counts against the limits and budgets of that team. Its own limits and budgets stay, with what is used of them. What it spent so far stays with ${team}.`,

  // ExpiryField
  expires: 'Expires',
  dateAndTime: 'Date and time',
  inYourTimeZone: 'In your time zone.',
  daysAtMost: (days: number) => `This team allows at most ${plural(days, 'day', 'days')}.`,

  // KeyAccess
  searchTargets: 'Search targets',
  target: 'Target',
  type: 'Type',
  canCall: 'Can call',
  why: 'Why',
  routeGroup: 'Route group',
  model: 'Model',
  yes: 'Yes',
  no: 'No',
  notGranted: 'Not granted.',
  nothingIsGranted: 'Nothing is granted',
  whoGrants:
    'No model or route group is granted to the organization of this key. A platform admin can grant them on the organization’s page, under Asset access.',
  levels: {
    organization: 'the organization',
    team: 'the team',
    user: 'its owner’s access',
    key: 'the key itself',
  },
  itCanCall: 'It can call',
  ofGranted: (count: number) => `of ${plural(count, 'target', 'targets')} granted to its organization.`,
  firstShown: (count: number) => `The first ${countText(count)} are shown. Search for the others.`,
  excludedBy: (level: string) => `Excluded by ${level}.`,
  granted: 'Granted.',
  accessGroup: (name: string) => `access group ${name}`,
  everythingIsGranted: 'everything is granted',
  grantedByName: 'granted by name',
  through: (level: string, grant: string) => `Through ${level}: ${grant}.`,

  // KeyActions
  edit: 'Edit',
  rotate: 'Rotate',
  revokeMenu: 'Revoke…',
  revokeKey: 'Revoke key',
  requestsRefused: 'Its requests are refused from now on, within seconds on every replica.',
  cannotUndo: 'You cannot undo this. To stop the key for a while, disable it instead.',
  historyIsKept: 'Its history, spend and requests are kept.',
  thatDidNotWork: 'That did not work',
  disable: 'Disable',
  enable: 'Enable',
  disableKey: 'Disable key',
  refusedUntilEnabled: 'Its requests are refused from now on. You can enable it again at any time.',
  keyIsRevoked: 'This key is revoked. It cannot be changed or enabled again.',
  revokeNamed: (name: string) => `Revoke ${name}`,
  wasRevoked: (name: string) => `${name} was revoked.`,
  isDisabled: (name: string) => `${name} is disabled: its requests are refused.`,
  isEnabled: (name: string) => `${name} is enabled again.`,
  disableNamed: (name: string) => `Disable ${name}?`,

  // KeyOverview
  secret: 'Secret',
  lastUsed: 'Last used',
  defaultTags: 'Default tags',
  requiredTags: 'Required tags',
  requireEndUser: 'Requests must have an end user',
  labelLimits: 'Limits by tag and end user',
  callerTags: 'Tags that requests name',
  callerTagsAre: { route: 'Choose deployments', attribute: 'Are labels only', refuse: 'Are refused' },
  created: 'Created',
  revoked: 'Revoked',
  budgets: 'Budgets',
  rateLimits: 'Rate limits',
  assetAccess: 'Asset access',
  modelsItCanCall: 'Models it can call, with prices and examples',
  inheritsAll: 'It inherits everything that its team can call.',
  revokedCallsNothing: 'It is revoked, so it can call nothing.',
  itCanCallNothing: 'It can call nothing.',
  limitsAbove: 'Its requests also count against the limits of its team and organization.',
  limitsAboveWithOwner: 'Its requests also count against the limits of its owner, team and organization.',
  selectedWithoutEffect: 'Selected, but without effect:',
  noAccessAbove: 'Its team or organization has no access to them.',
  theAccessGroup: (name: string) => `the access group ${name}`,
  isRestrictedTo: (targets: string) => `It is restricted to ${targets}.`,

  // KeyPage
  overview: 'Overview',
  whatCanItCall: 'What can it call?',
  requests: 'Requests',
  apiKeys: 'API keys',
  theKeysId: 'the key’s id',
  ofTeam: 'of the team',
  inOrganization: 'in',

  // KeyRequests
  noRequestsYet: 'No requests yet',
  firstRequestAppears: 'The first request with this key appears here within a second, even if it is refused.',
  allRequestsWithFilters: 'All requests of this key, with filters',

  // KeySpend
  spend: 'Spend',
  usageOfThisKey: 'Usage of this key',
  thisMonth: 'This month',
  last30Days: 'Last 30 days',
  spendPerDay: 'Spend per day',
  requests30Days: 'Requests, 30 days',
  refused30Days: 'Refused, 30 days',
  tokens30Days: 'Tokens, 30 days',
  chartAfterTwoDays: 'A chart appears after two days of use.',
  recentRequests: 'Recent requests',
  allRequests: 'All requests of this key',
  noRecentRequests: 'No requests yet. The first one appears here within a second, even if it is refused.',
  spendOnEachDay: (most: string) => `Spend per day with requests. The highest is ${moneyText(most)}.`,
  recentRequestsName: 'recent requests',

  // KeysPage
  organization: 'Organization',
  ownerPerson: 'Owner (person)',
  ownerServiceAccount: 'Owner (service account)',
  status: 'Status',
  daysUnused: 'Days unused',
  kind: 'Kind',
  kinds: { login: 'Login on a device', workload: 'Tokens of a workload' },
  tokensReplaceThemselves: 'Its tokens replace themselves, so it has no secret to rotate.',
  ownedBy: 'Owned by',
  keysMean:
    'Applications call the gateway with these keys. A key belongs to one team and is owned by a person or a service account.',
  keysAsCsv: 'Keys as CSV',
  noKeysYet: 'No keys yet',
  createATeamFirst:
    'An application calls the gateway with a key of a team. Create a team in an organization first, then a key. Press',
  toStart: 'to start.',

  // NoKeys
  youHaveNoKeysYet: 'You have no keys yet',
  createAKeyHint: 'An application calls the gateway with a key. Create one: its secret is shown once, with examples to paste.',
  applicationsUseKeys: 'An application calls the gateway with a key of a team.',

  // OwnerField
  ownerMeans:
    'Choose a service account for an application. A person’s key also counts against that person’s limits, and is revoked or handed over when they leave.',
  serviceAccounts: 'Service accounts',
  teamsDefaultServiceAccount: 'The team’s default service account',
  people: 'People',
  defaultServiceAccountOf: 'The default service account of',

  // RotateKeyDialog
  atOnce: 'At once',
  inAnHour: 'In an hour',
  inADay: 'In a day',
  in7Days: 'In 7 days',
  in30Days: 'In 30 days',
  createNewSecret: 'Create new secret',
  keyIsKept: 'The key keeps its id, limits, budgets and history.',
  secretIsShownOnce: 'The new secret is shown once.',
  oldSecretStops: 'The old secret stops working',
  untilThenBothWork: 'Until then, both secrets work.',
  rotateNamed: (name: string) => `Rotate ${name}`,
  newSecretOf: (name: string) => `New secret of ${name}`,

  // expiry
  never: 'Never',
  in90Days: 'In 90 days',
  inAYear: 'In a year',
  atAChosenTime: 'At a chosen time',
  inDays: (days: number) => `In ${plural(days, 'day', 'days')}`,

  // key-columns
  budget: 'Budget',
  noBudget: 'No budget',
  limits: 'Limits',
  noLimit: 'No limit',
  aPerson: 'A person',
  aServiceAccount: 'A service account',
  person: 'Person',
  serviceAccount: 'Service account',
  expiresBeforeTime: 'expires',

  // may-create
  noTeamLetsYou: 'None of your teams lets you create a key now.',
  onlyAViewer: 'You are only a viewer of your teams. To create keys, ask a team admin to make you a developer.',
  inNoTeam: 'You are in no team, and keys belong to teams. Ask an owner or admin of your organization to add you to one.',
  notADeveloper: 'You are not a developer of this team. Ask one of its admins to create a key or to give you that role.',
  loginsOnly: 'This team allows logins only. Run headgate login.',
  noSelfService: 'This team does not let its members create their own keys. Ask one of its admins for a key.',
};
