import { plural } from '../../numbers/numbers.ts';

/** Every text of the form fields that all pages use, by the file that shows it. */
export const words = {
  // ObjectSelect
  searchByNameOrId: 'Search by name or id',
  theSearchFailed: 'The search failed',
  searching: 'Searching…',
  noResults: 'No results',
  searchingLabel: 'Searching',

  // PlacedSelect
  organization: 'Organization',
  anyOrganization: 'Any organization',

  // PolicyFields
  rateLimits: 'Rate limits',
  noOwnLimits: 'No limits at this level',
  modelLimits: 'Model limits',
  labelLimits: 'Limits by tag and end user',
  eachEndUser: 'each end user',
  none: 'None',
  budgets: 'Budgets',
  noOwnBudgets: 'No budgets at this level',
  assetAccess: 'Asset access',
  tags: 'Tags',

  // RangePicker
  lastHour: 'Last hour',
  last24Hours: 'Last 24 hours',
  last7Days: 'Last 7 days',
  last30Days: 'Last 30 days',
  last90Days: 'Last 90 days',
  timeRange: 'Time range',
  anyTime: 'Any time',
  fromTo: 'From – to…',
  from: 'From',
  to: 'To',
  inZone: (label: string, zone: string) => `${label}, in the time zone ${zone}`,
  thisMonth: 'This month',
  lastMonth: 'Last month',

  // RateInputs
  fewerPrices: 'Fewer prices',
  morePrices: 'More prices',

  // RolesLink
  whatMayRolesDo: 'What may each role do?',

  // RoleSelect
  platformAdmin: 'Platform admin',
  platformAdminCan: 'Can do everything in every organization.',
  platformAuditor: 'Platform auditor',
  platformAuditorCan: 'Can read everything except content. Cannot change anything.',
  owner: 'Owner',
  ownerCan: 'Manages the organization: its people, teams, keys and audit policy.',
  admin: 'Admin',
  adminCan: 'Manages the people, teams, service accounts and keys of the organization.',
  billing: 'Billing',
  billingCan: 'Can read the organization, its spend and its requests.',
  auditor: 'Auditor',
  auditorCan: 'Can read everything in the organization, including content and the audit log.',
  member: 'Member',
  memberCan: 'Can read the organization. Roles in teams add other rights.',
  teamAdmin: 'Team admin',
  teamAdminCan: 'Manages the members and keys of the team, and can restrict its access.',
  developer: 'Developer',
  developerCan: 'Creates keys of their own, within the self-service policy of the team.',
  viewer: 'Viewer',
  viewerCan: 'Can read the team.',
  role: 'Role',

  // TagWarning
  alsoRoutingTag: (typed: string) =>
    `"${typed}" is also a routing tag. Tags only choose among deployments. Only the access group gives access.`,

  // TargetPicker
  noTargetStartsWithThis: 'No model or route group starts with this.',
  models: 'Models',
  routeGroups: 'Route groups',
  chosen: 'Chosen',

  // policy-words
  onlyAlerts: ', only alerts',
  inherits: 'Inherits',
  everything: 'Everything',
  targets: (targets: string) => `Targets: ${targets}`,
  accessGroups: (groups: string) => `Access groups: ${groups}`,
  theAccessGroup: (name: string) => `the access group ${name}`,
  nothing: 'Nothing',
  countTargets: (count: number) => plural(count, 'target', 'targets'),
  countAccessGroups: (count: number) => plural(count, 'access group', 'access groups'),
  only: (parts: readonly string[]) => `Only ${parts.join(' and ')}`,
  forTarget: (target: string) => ` for ${target}`,
};
