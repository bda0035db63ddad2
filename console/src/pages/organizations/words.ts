import { countText, moneyText, plural } from '../../numbers/numbers.ts';

/** Every text of the pages about organizations, by the file that shows it. */
export const words = {
  // BulkBar
  notExported: 'Not exported',
  selectedOrganizations: 'Selected organizations',
  suspend: 'Suspend',
  changeLimits: 'Change limits',
  exportCsv: 'Export CSV',
  clear: 'Clear selection',
  noneIsActive: 'None of the selected organizations is active.',
  allKeysRefused: 'Requests of all their keys are refused from now on.',
  reactivateEach: 'Nothing is deleted. You can reactivate each organization.',
  countSelected: (count: number) => `${countText(count)} selected`,
  countOrganizations: (count: number) => plural(count, 'organization', 'organizations'),
  wereSuspended: (organizations: string) => `${organizations} suspended.`,
  suspendTitle: (organizations: string) => `Suspend ${organizations}?`,
  suspendCount: (organizations: string) => `Suspend ${organizations}`,
  andMoreOf: (count: number) => `and ${countText(count)} more`,
  suspendedSoFar: (done: number, organizations: string) => `${countText(done)} of ${organizations} suspended`,

  // ChangeButton
  rateLimits: 'Rate limits',
  assetAccess: 'Asset access',
  auditContent: 'Audit content',
  storedResponses: 'Stored responses',
  exactCache: 'Exact cache',
  endUsers: 'End users',
  mirroring: 'Copies for mirrors',
  choiceOfMirroring: { refuse: 'Refused', allow: 'Allowed' },
  storageOfEndUsers: { hashed: 'Stored as pseudonyms', kept: 'Stored as the caller names them', off: 'Not stored' },
  change: 'Change',
  changeSection: (section: string) => `Change ${section.toLowerCase()}`,

  // IncompletePill
  unpricedUseMeans:
    'Organizations with a budget that used something without a price in the last 30 days. The spend of their budgets may be incomplete. The history of each budget shows what is missing.',
  unpricedUse: 'Unpriced use',

  // OrganizationCards
  budgets: 'Budgets',
  requestsAndTokensNow: 'Requests and tokens now',
  contents: 'Contents',
  noBudget: 'No budget: spend is recorded but not limited.',
  onlyAlerts: 'only alerts · ',
  neverResets: 'never resets',
  members: 'Members',
  directory: 'Directory',
  teams: 'Teams',
  keys: 'Keys',
  logins: 'Logins',
  grantedTargets: 'Granted targets',
  countMore: (count: number) => `${countText(count)} more`,
  ofAmount: 'of',
  held: 'held',
  resets: 'resets',

  // OrganizationPage
  overview: 'Overview',
  limitsBudgets: 'Limits & budgets',
  usage: 'Usage',
  audit: 'Audit',
  security: 'Security',
  signInTab: 'Sign-in',
  serviceAccounts: 'Service accounts',
  workloadsNeedNoKeys: 'Programs that call models can do so without a stored key, by the tokens of their own platform:',
  workloadIdentity: 'Workload identity',
  ownProviders: 'Own providers',
  webhooks: 'Webhooks',
  settings: 'Settings',
  organizations: 'Organizations',
  edit: 'Edit',
  theOrganizationsId: 'the organization’s id',
  noOwnerYet: 'No owner yet.',
  addAnOwner: 'Add an owner',
  callsNothingYet: 'Its keys can call no model yet.',
  chooseWhatItCanCall: 'Choose what it can call',
  owner: 'Owner',
  owners: 'Owners',
  createdAt: 'created',

  // OrganizationsList
  nameSlugOrId: 'Name, slug or id',
  noOrganizationsYet: 'No organizations yet',
  notAMemberYet: 'You are not in an organization yet. Ask an owner of one, or a platform admin, to add you.',
  createOrganization: 'Create organization',
  organizationMeans: 'An organization is a tenant with its own budgets, limits, models, teams and keys. Create the first one.',

  // OrganizationsPage
  exportMeans: 'All organizations that match the search and the filters',
  templates: 'Templates',
  csv: 'CSV',
  inTotal: (count: number) => `${countText(count)} in total`,

  // StandingPills
  all: 'All',
  status: 'Status',

  // SummaryStrip
  totals: 'Totals of all organizations found',
  spendThisPeriod: 'Spend this month',
  overBudget: 'Over budget',

  // bulk/BulkPreview
  chooseWhatToChange: 'Choose what to change. The preview shows each organization before anything is saved.',
  noOrganizationMatches: 'No organization matches.',
  whatChanges: 'What changes',
  organization: 'Organization',
  before: 'Before',
  after: 'After',
  theOrganization: 'the organization',
  aKey: 'a key',
  noLimits: 'no limits',
  computingChanges: 'Computing what changes…',
  changesOf: (changed: number, all: number) =>
    `${countText(changed)} of ${plural(all, 'organization changes', 'organizations change')}.`,
  alreadyOver: (count: number) => `${plural(count, 'organization is', 'organizations are')} already over a new limit.`,
  allOrNone: 'All are changed together, or none.',
  noChange: 'no change',
  usedOfLimit: (who: string, used: number | string, value: number | string, limit: string) =>
    `${who} used ${countText(used)} of ${countText(value)} ${limit}`,

  // bulk/ChangeLimits
  changeLimitsOfSeveral: 'Change limits of several organizations',
  whoseLimits: 'Organizations to change',
  allThatTheListFinds: 'All that match the filters',
  keptLimitsMean: 'Limits left as they are keep the value of each organization. 0 refuses every request.',
  leaveAsTheyAre: 'Leave as they are',
  replaceAllBudgets: 'Replace all budgets',
  removeAllBudgets: 'Remove all budgets',
  leaveAsItIs: 'Leave as it is',
  setTo: 'Set to',
  noLimit: 'No limit',
  whatToDoWith: (limit: string) => `${limit}: what to do`,
  changeCount: (organizations: string) => `Change ${organizations}`,
  theSelected: (count: number) => `The ${countText(count)} selected`,
  limitsWereChanged: (organizations: string) => `The limits of ${organizations} were changed.`,
  restoringLimits: (done: number, all: number) => `Restoring limits: ${countText(done)} of ${countText(all)}`,

  // dialog/IdentityFields
  name: 'Name',
  slug: 'Slug',
  slugMeans: 'Lower-case letters, digits and hyphens. Used in addresses and exports.',
  timeZone: 'Time zone',
  timeZoneMeans: 'Days and budget periods begin at midnight in this zone.',
  noTimeZoneFound: 'No time zone found',

  // dialog/LifecycleActions
  reactivate: 'Reactivate',
  moreActions: 'More actions',
  makeOneLikeThis: 'Make one like this',
  archive: 'Archive',
  onlyArchivedIsDeleted: 'Only an archived organization can be deleted.',
  deletePermanently: 'Delete permanently',
  contentIsLost: 'The key of its stored content is destroyed, so the content can no longer be read.',
  noContentIsStored: 'No content is stored.',
  responsesAreDeleted: (count: number) => `${plural(count, 'stored response is', 'stored responses are')} deleted.`,
  wasDeleted: (name: string) => `${name} was deleted.`,
  deleteNamedPermanently: (name: string) => `Delete ${name} permanently?`,
  areDeleted: (goes: {
    readonly teams: number;
    readonly members: number;
    readonly keys: number;
    readonly admin_tokens: number;
  }) =>
    `${plural(goes.teams, 'team', 'teams')}, ${plural(goes.members, 'membership', 'memberships')}, ${plural(goes.keys, 'key', 'keys')} and ${plural(goes.admin_tokens, 'admin token', 'admin tokens')} are deleted.`,
  areKept: (parts: string) => `These are kept: ${parts}. Its id and slug are never used again.`,

  // dialog/LifecycleDialog
  suspendedKeeps: 'Requests in flight finish. Nothing is deleted. You can reactivate it at any time.',
  archivedKeeps: 'Nothing is deleted. You can reactivate it, or delete it permanently later.',
  isNow: {
    suspend: 'is suspended.',
    reactivate: 'is active again.',
    archive: 'is archived.',
  },
  verbs: {
    suspend: 'Suspend',
    reactivate: 'Reactivate',
    archive: 'Archive',
  },
  verbsWithObject: {
    suspend: 'Suspend organization',
    reactivate: 'Reactivate organization',
    archive: 'Archive organization',
  },
  changeTitle: (verb: string, name: string) => `${verb} ${name}?`,
  someKeys: 'keys',
  countKeys: (count: number) => plural(count, 'key', 'keys'),
  allTeams: 'all teams',
  countTeams: (count: number) => plural(count, 'team', 'teams'),
  suspendRefuses: (keys: string) => `Requests with its ${keys} are refused from now on, with the error organization_suspended.`,
  archiveRefuses: (keys: string, teams: string) =>
    `Requests with its ${keys} in ${teams} are refused from now on, with the error organization_archived.`,
  reactivateAdmits: (keys: string) => `Requests with its ${keys} are admitted again, within its limits and budgets.`,

  // dialog/OrganizationDialog
  startFrom: 'Start from',
  editOrganization: 'Edit organization',
  thisOrganization: 'This organization',
  wasCreated: (name: string) => `${name} was created.`,

  // dialog/OrganizationFields
  identity: 'Identity',
  tags: 'Tags',
  sharedLimitsMean: 'Shared limits: all teams and keys of the organization count against them.',
  accessMeans: 'The models and route groups that it can call. Its teams, members and keys can only restrict this.',
  tagsMean: 'Tags choose among the deployments of a model. They never give access.',

  // dialog/StartFrom
  template: 'Template',
  noTemplatesYet: 'No templates yet',
  none: 'None',
  likeTheOrganization: 'Copy from an organization',
  whatIsCopied:
    'Budgets, limits, access, tags, time zone, audit settings, the storage of responses and of end users, copies for mirrors, and the exact cache are copied. People, keys and spend are not.',
  settingsAreFilledIn:
    'The settings below are filled in. Change them as you need. Later changes to the source do not affect the new organization.',

  // dialog/TemplatesDialog
  organizationTemplates: 'Organization templates',
  close: 'Close',
  noTemplatesYetMeans: 'No templates yet. A template holds budgets, limits, access and audit settings for new organizations.',
  templatesMean: 'New organizations can start from these settings. Changing a template changes no organization.',
  createTemplate: 'Create template',
  use: 'Use',
  delete: 'Delete',
  enterAName: 'Enter a name.',
  description: 'Description',
  withTheSettingsOf: 'Copy the settings of',
  noneStartEmpty: 'None: create an empty template',
  thisTemplate: 'This template',
  deleteTemplate: 'Delete template',
  organizationsStay: 'Organizations created from it stay as they are.',
  applyNamed: (name: string) => `Use ${name}`,
  deleteNamed: (name: string) => `Delete ${name}`,
  templateWasCreated: (name: string) => `The template ${name} was created.`,
  editTemplate: (name: string) => `Edit template ${name}`,
  templateWasDeleted: (name: string) => `The template ${name} was deleted.`,

  // dialog/organization-draft
  modelLimits: 'Model limits',
  defaultTags: 'Default tags',
  requiredTags: 'Required tags',
  requireEndUser: 'Requests must have an end user',
  labelLimits: 'Limits by tag and end user',
  yes: 'Yes',
  no: 'No',
  enterASlug: 'Enter a slug.',
  enterAnAmount: 'Enter an amount, or remove this budget.',
  enterALength: 'Enter the length of the period.',
  enterATarget: 'Enter a model, a route group or an access group.',
  auditSettings: (content: string, contentKept: string, logKept: string) =>
    `Content: ${content}, ${contentKept}\nRequest log: ${logKept}`,
  whoFindsResponses: 'Who finds a stored response',
  filesAndBatches: 'Files and batches',
  whoFindsFiles: 'Who finds a file or a batch',
  allowanceOfBatches: { off: 'Not allowed', on: 'Allowed' },
  batchesFoundBy: (scope: string) => `Allowed, found by ${scope}`,
  storageOfResponses: { off: 'Not stored', keep: 'Kept for 30 days' },
  scopeOfResponses: { key: 'the same key', team: 'the same team', organization: 'the whole organization' },
  scopeOfCache: { off: 'Off', key: 'For the same key', team: 'For the same team', organization: 'For the organization' },
  keptForever: 'kept forever',
  keptFor: (days: number) => `kept for ${plural(days, 'day', 'days')}`,

  // ForgetCached
  forgetCached: 'Forget cached answers',
  forgetCachedOf: (name: string) => `Forget the cached answers of ${name}?`,
  forget: 'Forget them',
  forgetCachedMeans: 'No answer that was kept before is given again. New ones are kept.',
  cachedWereForgotten: 'The cached answers were forgotten.',

  // list-columns
  budget: 'Budget',
  spend30Days: '30-day spend',
  noOwner: 'No owner',
  viewUsage: 'View usage',
  saveAsTemplate: 'Save as template',
  spentIn30Days: (usd: string) => `${moneyText(usd)} in 30 days`,
  actionsFor: (name: string) => `Actions for ${name}`,

  // tabs/AccessTab
  grants: 'Grants',
  everythingIsGranted: 'Everything: all models and route groups, including future ones.',
  nothingIsGranted: 'Nothing. No model can be called until something is granted.',
  targets: 'Targets',
  accessGroups: 'Access groups',
  nothingCanBeCalled: 'Nothing can be called',
  grantSomething: 'Grant a model, a route group or an access group. Its targets appear here at once.',
  effectiveSet: 'Effective set',
  searchTargets: 'Search targets',
  search: 'Search',
  target: 'Target',
  type: 'Type',
  through: 'Through',
  whoCanCallIt: 'Who can call it',
  model: 'Model',
  routeGroup: 'Route group',
  whoCanCallItButton: 'Who can call it?',
  directGrant: 'Direct grant',
  wasDeletedNoEffect: 'was deleted and has no effect.',
  hasNoTargetsYet: 'has no targets yet; takes effect when you add one.',
  targetsCanBeCalled: (count: number) => `${plural(count, 'target', 'targets')} can be called`,
  whoCanCallNamed: (target: string) => `Who can call it? ${target}`,
  firstShown: (count: number) => `The first ${countText(count)} are shown. Search for the others.`,
  everything: 'Everything',
  accessGroup: (name: string) => `Access group ${name}`,

  // tabs/AuditTab
  auditExportMeans: 'The whole chain, oldest first',
  jsonLines: 'JSON lines',
  noEventsYet: 'No events yet',
  everyChangeAppears: 'Every change in this organization appears here, with the person or token that made it.',
  when: 'When',
  who: 'Who',
  what: 'What',
  object: 'Object',
  reason: 'Reason',

  // tabs/KeysTab, tabs/MembersTab
  createKey: 'Create key',
  nameOrId: 'Name or id',
  noKeysYet: 'No keys yet',
  createAKeyHint: 'An application calls the gateway with a key of a team. Create one: its secret is shown once.',
  addPerson: 'Add person',

  // tabs/OverviewTab
  nothingSpent: 'Nothing was spent in the last 30 days.',
  roleShowsNoSpend: 'Your role does not show the spend and requests of this organization.',
  spendByModel: '30-day spend by model',
  teamsBySpend: 'Teams by spend',
  recentRefusals: 'Recent refusals',
  noRequestWasRefused: 'No request was refused.',
  allRefusedRequests: 'All refused requests',
  refused: 'Refused',
  times: (count: number) => ` · ${countText(count)} times`,

  // tabs/PendingInvitations
  pendingInvitations: 'Pending invitations',
  thatDidNotWork: 'That did not work',
  sendAgain: 'Send again',
  cancelInvitation: 'Cancel invitation',
  invitationWasCancelled: (email: string) => `The invitation for ${email} was cancelled.`,
  asRole: 'as',
  expires: 'expires',

  // tabs/SettingsTab
  theSlug: 'the slug',
  id: 'Id',
  contentKept: 'Content kept',
  requestLogKept: 'Request log kept',
  keptAndFoundBy: (finders: string) => `Kept for 30 days, found by ${finders}`,
  created: 'Created',
  lastChanged: 'Last changed',
  version: 'Version',
  lifecycle: 'Lifecycle',
  suspendArchiveDelete: 'Suspend, archive or delete',
  lifecycleMeans:
    'A suspended or archived organization keeps everything, but its requests are refused. Only an archived organization can be deleted permanently. Its ledger, request metadata and audit events are kept even then.',
  zoneMeans: (zone: string) => `${zone} (days and budget periods begin at midnight in this zone)`,
  forever: 'Forever',
  countDays: (count: number) => plural(count, 'day', 'days'),

  // tabs/SpendRanking
  unknown: 'unknown',
  shareAndRequests: (share: string, requests: number) => `${share} · ${countText(requests)} req.`,
  ofTheSpend: (share: string) => `${share} of the spend`,
  andMoreBefore: (count: number) => `and ${countText(count)} more:`,

  // tabs/TeamsTab
  createTeam: 'Create team',

  // tabs/UsageTab
  team: 'Team',
  key: 'Key',
  member: 'Member',
  provider: 'Provider',
  groupBy: 'Group by',
  monthlyStatements: 'Monthly statements',
  otherRangesAndCharts: 'Other time ranges and charts in Usage & spend',
  daysIn: (zone: string) => `(days in ${zone})`,
  theLast30Days: 'The last 30 days',
  noUsage: 'No usage in the last 30 days',
  firstRequestAppears: 'The first request appears here within a second after its answer.',
  notAllRowsShown: 'Not all rows are shown. The total includes all of them.',
  requests: 'Requests',
  inputTokens: 'Input tokens',
  outputTokens: 'Output tokens',
  allTokens: 'All tokens',
  spend: 'Spend',
  noName: 'none',
  total: 'Total',

  // tabs/WhoCanCall
  openAccessExplorer: 'Open in the access explorer',
  andMore: 'and more',
  whoCanCall: 'Who can call',
};
