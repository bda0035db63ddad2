import { countText } from '../../numbers/numbers.ts';

/** Every text of the frame around the pages and of the command palette, by the file that shows it. */
export const words = {
  // AlertBell
  alerts: 'Alerts',
  newAlerts: (count: number) => `Alerts, ${countText(count)} new`,
  newestAlerts: 'Newest alerts',
  noAlertsYet: 'No alerts yet. An alert appears here when a threshold of a budget or of an alert rule is passed.',
  alertsNotLoaded: 'The alerts could not be loaded. Headgate tries again every 30 seconds.',
  loading: 'Loading…',
  allAlerts: 'All alerts',
  onTheirPage: ' on their page',

  // CommandPalette
  searchEverything: 'Search everything',
  searchResult: { searching: 'Searching…', failed: 'The search failed. Try again.', done: 'No results.' },
  searchOrJump: 'Search or jump to…',
  searchKey: 'Ctrl K',
  searchKeyOnMac: '⌘K',
  searching: 'Searching',
  paletteKeys: '↑ ↓ to choose · Enter to open · Esc to close · Try “suspend acme” or “create key in research”',

  // Logo
  headgate: 'Headgate',

  // NotFound
  pageNotFound: 'Page not found',
  noPageAt: 'There is no page at',
  checkTheAddress: '. Check the address.',
  oneOf: {
    organization: 'organization',
    team: 'team',
    key: 'key',
    account: 'account',
    deployment: 'deployment',
    route_group: 'route group',
    access_group: 'access group',
    request: 'request',
  },
  showAll: {
    organization: 'Show all organizations',
    team: 'Show all teams',
    key: 'Show all keys',
    account: 'Show all people',
    deployment: 'Show all models',
    route_group: 'Show all route groups',
    access_group: 'Show all access groups',
    request: 'Show all requests',
  },
  noSuch: (one: string) => `No such ${one}`,
  thereIsNo: (one: string) => `There is no ${one}`,
  deletedOrElsewhere:
    '. It may have been deleted, or it belongs to an organization that you are not a member of. Check the address.',
  orOfAnotherOrganization:
    ' You signed in through an identity provider, which opens its own organization only. To open others, sign in with your own password or passkey.',
  goToTheOverview: 'Go to the overview',
  goBack: 'Go back',

  // OrganizationSwitcher
  scopeOfAllPages: 'Scope of all pages',
  allOrganizations: 'All organizations',
  only: 'Only ',
  notOnThisPage: ' (not on this page)',
  showAllOrganizations: 'Show all organizations',

  // Page
  windowTitle: (title: string) => `${title} · Headgate`,

  // Shell
  navigation: 'Navigation',
  main: 'Main',
  useLightTheme: 'Use the light theme',
  useDarkTheme: 'Use the dark theme',
  signedInAs: (name: string) => `Signed in as ${name}`,
  profileAndSecurity: 'Profile and security',
  monthlyStatements: 'Monthly statements',
  signOut: 'Sign out',

  // ShortcutsDialog
  keyboardShortcuts: 'Keyboard shortcuts',
  onEveryPage: 'On every page',
  goToAPage: 'Go to a page',
  goKey: 'g',
  shortcuts: [
    { keys: ['⌘ K', 'Ctrl K'], does: 'Search everything' },
    { keys: ['/'], does: 'Search in the list' },
    { keys: ['j', 'k'], does: 'Go to the next or previous row' },
    { keys: ['Enter'], does: 'Open the row' },
    { keys: ['n'], does: 'Create something on this page' },
    { keys: ['e'], does: 'Edit the organization on this page' },
    { keys: ['Esc'], does: 'Close the dialog' },
    { keys: ['?'], does: 'Show these shortcuts' },
  ],

  // SkipLink
  skipToTheContent: 'Skip to the content',

  // attention
  overBudget: (count: number) => `${countText(count)} over budget`,
  pausedAfterFailures: (count: number) => `${countText(count)} paused after failures`,
  new: (count: number) => `${countText(count)} new`,

  // commands
  createOrganization: 'Create organization',
  createTeam: 'Create team',
  createKey: 'Create key',
  addPerson: 'Add person',
  createAdminToken: 'Create admin token',
  setUpStepByStep: 'Set up the gateway step by step',
  switchTheme: 'Switch between light and dark theme',

  // navigation
  overview: 'Overview',
  access: 'Access',
  organizations: 'Organizations',
  teams: 'Teams',
  peopleAndAccess: 'People & Access',
  apiKeys: 'API keys',
  accessExplorer: 'Access explorer',
  gateway: 'Gateway',
  callableModels: 'Callable models',
  models: 'Models',
  knownModels: 'Known models',
  credentials: 'Credentials',
  presets: 'Presets',
  routeGroups: 'Route groups',
  accessGroups: 'Access groups',
  playground: 'Playground',
  operations: 'Operations',
  usageAndSpend: 'Usage & spend',
  requests: 'Requests',
  auditLog: 'Audit log',
  security: 'Security',
  settings: 'Settings',

  // palette
  openRequest: (id: string) => `Open request ${id}`,
  actionsOn: (name: string) => `Actions on ${name}`,
  request: 'Request',
  recent: 'Recent',
  suggestedActions: 'Suggested actions',
  objects: 'Objects',
  actions: 'Actions',
  pages: 'Pages',
  namesWithTheseWords: 'Names with these words',
  similarNames: 'Similar names',

  // places
  currentSettings: 'Current settings',
  processHealth: 'Process health',
  jobs: 'Jobs',
  prices: 'Prices',
  retention: 'Retention',
  webhooks: 'Webhooks',
  adminTokens: 'Admin tokens',
  serviceAccounts: 'Service accounts',
  settingsTab: (tab: string) => `Settings: ${tab}`,
  invitations: 'People & Access: Invitations',

  // verbs: the first phrase is shown, and the others are understood
  verbs: {
    usage: ['View usage', 'View spend'],
    newKey: ['Create key', 'New key', 'Add key'],
    newTeam: ['Create team', 'New team', 'Add team'],
    newPerson: ['Add person', 'New person', 'Invite person', 'Add member', 'New member'],
    edit: ['Edit', 'Change'],
    limits: ['Change limits', 'Raise limit', 'Edit limits'],
    requests: ['View requests'],
    keys: ['View keys'],
    members: ['View members', 'View people'],
    access: ['View access', 'View models'],
    settings: ['View settings'],
    statements: ['View statements', 'View invoices'],
    signIn: ['Change sign-in', 'Single sign-on', 'Identity providers', 'Domains'],
    audit: ['View audit log'],
    rotate: ['Rotate'],
    disable: ['Disable'],
    revoke: ['Revoke'],
    suspend: ['Suspend', 'Pause', 'Block'],
    archive: ['Archive'],
  },

  // ClosedPlaces
  opensAfter: (organization: string) => `${organization} asks for another sign-in`,
  why: {
    sso: (organization: string) =>
      `${organization} opens after a sign-in through its identity provider. You stay signed in everywhere else.`,
    second_factor: (organization: string) =>
      `${organization} opens after a sign-in with a second factor. You stay signed in everywhere else.`,
    sign_in: (organization: string) =>
      `Your last sign-in is too old for ${organization}, has ended, or you have not used it for a while. Sign in again to open it.`,
  },
  breakGlass: 'If you are one of its break-glass owners, sign out, and sign in with your passkey.',
  signInThrough: (provider: string) => `Sign in through ${provider}`,
  signInAgain: 'Sign in again',
  setUpFactor: 'Set up a second factor',

  // DisabledEverywhere
  disabledIn: (names: string) => `Your access to ${names} is disabled. Ask an owner or admin there to enable it again.`,

  // RemovedByLink
  linkRemoved: 'Your account is linked, and earlier ways into it were removed',
  linkRemovedBecause: (email: string) =>
    `Nobody had proved before that ${email} is yours, so somebody else might have added ways into this account. Your identity provider proved it now.`,
  wereRemoved: (ways: readonly string[]) => `Removed: ${ways.join(', ')}.`,
  removedWays: {
    password: 'the password',
    passkeys: 'passkeys',
    second_factor: 'the authenticator app',
    sessions: 'sessions in all browsers',
    links: 'links to other providers',
  },
  newPasswordByMail: 'If you want a password again, choose one with “Forgot your password?” on the sign-in page.',
  close: 'Close',

  // TabStrip
  more: 'More',
};
