import { exactMoneyText, plural } from '../../numbers/numbers.ts';

/** Every text about teams, by the file that shows it. */
export const words = {
  // AddTeamMemberDialog
  addPersonTo: (name: string) => `Add a person to ${name}`,
  choosePersonOrAddress: 'Choose a person from the list, or enter a valid e-mail address.',
  roleInTheTeam: 'Role in the team',
  roleInOrganization: (organization: string) => `Role in ${organization}`,
  joinsWithRole: (organization: string) => `This person is not in ${organization} yet and joins it with this role.`,
  enterMemberAddress: 'Enter the e-mail address of a member.',
  memberAddress: (organization: string) => `E-mail address of a member of ${organization}`,
  whoInvites: (organization: string) => `An owner or admin of ${organization} can invite someone who is not a member yet.`,
  addPerson: 'Add person',

  // CreateTeamDialog
  createTeam: 'Create team',
  organization: 'Organization',
  name: 'Name',
  thisTeam: 'This team',
  enterAName: 'Enter a name.',
  wasCreated: (name: string) => `${name} was created.`,

  // EditTeamDialog
  editNamed: (name: string) => `Edit ${name}`,

  // SelfServiceFields
  developersCan: 'Developers can',
  allows: {
    nothing: 'Neither log in nor create keys',
    logins: 'Log in, but create no keys',
    keys: 'Log in, and create their own keys',
  },
  selfServiceMeans: 'Without asking anyone, within the limits below. The limits of the team still apply.',
  selfService: 'Self-service',
  keysPerPerson: 'Keys per person',
  loginsPerPerson: 'Logins per person',
  anyNumber: 'Any number',
  eachKeyMustExpire: 'Each key must expire',
  eachLoginEndsSooner: 'Each login must end sooner than after 90 days',
  maximumLifetimeInDays: 'Maximum lifetime in days',
  budgetPerPerson: 'Budget per person',
  anyAmount: 'Any amount',
  period: 'Period',

  // ServiceAccountsTab
  createServiceAccount: 'Create service account',
  searchByNameOrId: 'Search by name or id',
  createAccountHint:
    'Create one for each application. The first key without an owner also creates the team’s default service account.',
  noServiceAccountsYet: 'No service accounts yet',
  default: 'Default',
  status: 'Status',
  created: 'Created',
  wasDisabledItsKeysAreRefused: (name: string) => `${name} was disabled. Its keys are refused.`,
  wasEnabledAgain: (name: string) => `${name} was enabled again.`,
  thatDidNotWork: 'That did not work',
  disable: 'Disable',
  enable: 'Enable',
  delete: 'Delete',
  deleteNamed: (name: string) => `Delete ${name}`,
  disableNamed: (name: string) => `Disable ${name}?`,
  disableServiceAccount: 'Disable service account',
  keysRefusedFromNow: 'Its keys are refused from now on. You can enable it again at any time.',
  accountNameMeans: 'The application that uses it.',
  enterAccountName: 'Enter the name of the application that uses it.',
  deleteServiceAccount: 'Delete service account',
  accountIsDeleted: 'The service account is deleted. The history of its keys is kept.',
  wasDeleted: (name: string) => `${name} was deleted.`,

  // TeamActions
  isSuspended: (name: string) => `${name} is suspended: requests with its keys are refused.`,
  isActiveAgain: (name: string) => `${name} is active again.`,
  edit: 'Edit',
  suspend: 'Suspend',
  reactivate: 'Reactivate',
  suspendNamed: (name: string) => `Suspend ${name}?`,
  suspendTeam: 'Suspend team',
  teamKeysRefused: 'Requests with its keys are refused from now on. You can reactivate it at any time.',
  deleteTeam: 'Delete team',
  lookingUp: 'Looking up what is deleted with it…',
  keysAreRevoked: (count: number) =>
    `${plural(count, 'key is', 'keys are')} revoked: applications that use them are refused from now on.`,
  accountsAreDeleted: (count: number) => `${plural(count, 'service account is', 'service accounts are')} deleted with it.`,
  membersLeave: (count: number) =>
    `${plural(count, 'member leaves', 'members leave')} the team and ${count === 1 ? 'stays' : 'stay'} in the organization.`,
  historyIsKept: 'Its spend, requests and audit events are kept.',

  // TeamKeysTab
  createKey: 'Create key',
  noKeysHint: 'An application calls the gateway with a key. Create one: its secret is shown once, with examples to paste.',
  noKeysYet: 'No keys yet',

  // TeamMembersTab
  searchByName: 'Search by name',
  addPersonHint: 'Add a person. Team admins manage members and keys, developers use their own keys, and viewers can only read.',
  noMembersYet: 'No members in this team yet',
  member: 'Member',
  role: 'Role',
  inTheTeam: 'Joined',
  remove: 'Remove',
  removeNamed: (name: string) => `Remove ${name}`,
  roleWasChanged: (name: string) => `The role of ${name} was changed.`,
  notChanged: 'Not changed',
  roleOf: (name: string) => `Role of ${name}`,
  changeRoleOf: (name: string) => `Change the role of ${name}?`,
  changeRole: 'Change role',
  roleFromTo: (role: string, wanted: string) => `From ${role} to ${wanted}.`,
  removeFromTeam: (name: string, teamName: string) => `Remove ${name} from ${teamName}`,
  removeMember: 'Remove member',
  theyLeaveTheTeam: 'They leave the team at once and stay in the organization.',
  wasRemovedFrom: (name: string, teamName: string) => `${name} was removed from ${teamName}.`,

  // TeamOverview
  members: 'Members',
  keys: 'Keys',
  logins: 'Logins',
  timeZone: 'Time zone',
  defaultTags: 'Default tags',
  requiredTags: 'Required tags',
  requireEndUser: 'Requests must have an end user',
  labelLimits: 'Limits by tag and end user',
  yes: 'Yes',
  no: 'No',
  budgets: 'Budgets',
  rateLimits: 'Rate limits',
  change: 'Change',
  changeRateLimits: 'Change rate limits',
  assetAccess: 'Asset access',
  inheritsAll: (organization: string) => `It inherits everything that ${organization} can call.`,
  withinOrganization: (access: string, organization: string) => `${access}, within what ${organization} can call.`,
  selectedWithoutEffect: 'Selected, but without effect:',
  notGrantedThem: '. The organization is not granted them.',
  itsOrganization: 'Its organization',
  organizationHasNoLimits: 'has no limits and no budgets.',
  organizationHas: (caps: string) => `has ${caps}, shared by all of its teams.`,

  // TeamPage
  overview: 'Overview',
  serviceAccounts: 'Service accounts',
  teams: 'Teams',
  theTeamsId: 'the team’s id',
  in: 'in',

  // TeamsList
  teamsMean:
    'A team has keys and the people who work with them. Create one for each application or group that needs its own limits.',
  noTeamsYet: 'No teams yet',
  team: 'Team',
  budget: 'Budget',
  limits: 'Limits',
  access: 'Access',
  inherits: 'Inherits',
  restricted: 'Restricted',
  spendHidden: 'Your role does not let you see the spend of this team.',
  last30Days: 'Last 30 days',
  requestCount: (count: number) => plural(count, 'request', 'requests'),

  // TeamsPage
  teamsAbout: 'Groups in an organization. A team’s keys share its limits and budgets, within those of the organization.',

  // team-draft
  per: {
    day: 'per day',
    week: 'per week',
    month: 'per month',
    quarter: 'per quarter',
    year: 'per year',
    total: 'in total',
  },
  noSelfService: 'Developers can neither log in nor create their own keys.',
  anyNumberOfLogins: 'any number of logins',
  atMostLogins: (count: number) => `at most ${count} ${count === 1 ? 'login' : 'logins'} each`,
  loginsOnlyRules: (rules: string) => `Developers can log in, but create no keys: ${rules}.`,
  anyNumberOfKeys: 'any number of keys',
  atMostKeys: (count: number) => `at most ${count} keys each`,
  spendAtMost: (amount: string, period: string) => `that spend at most ${exactMoneyText(amount)} ${period} together`,
  expireWithin: (days: number) => `that expire within ${days} days`,
  selfServiceRules: (rules: string) => `Developers can create their own keys: ${rules}.`,
};
