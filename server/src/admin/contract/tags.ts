/** The groups of operations in the reference, by the first part of their path. The server does not start if a path has no group. */
const TAGS: Readonly<Record<string, readonly [name: string, description: string]>> = {
  session: ['Session', 'Signing in and out, and the caller’s own account.'],
  sso: ['Identity providers', 'The addresses to which browsers and identity providers come.'],
  organizations: ['Organizations', 'Tenants: their settings, limits, budgets, access, people and records.'],
  'organization-templates': ['Organization templates', 'Settings with which new organizations are created.'],
  teams: ['Teams', 'Teams of an organization, and their members.'],
  accounts: ['Accounts', 'People, independent of the organizations that they belong to.'],
  invitations: ['Invitations', 'Links with which people join.'],
  'service-accounts': ['Service accounts', 'Owners of keys and admin tokens that are no people.'],
  keys: ['Keys', 'Keys of the data plane.'],
  logins: ['Logins', 'People’s programs that log in on their devices.'],
  'admin-tokens': ['Admin tokens', 'Tokens for this API.'],
  'audit-events': ['Audit events', 'The record of every change.'],
  credentials: ['Credentials', 'Secrets of providers.'],
  presets: ['Presets', 'Vendors that speak a known API, as data.'],
  deployments: ['Deployments', 'A model at a provider, with its prices and limits.'],
  'own-credentials': ['Own credentials', 'Secrets of providers that an organization brought.'],
  'own-deployments': ['Own deployments', 'Deployments that an organization brought.'],
  'known-models': ['Known models', 'Models that price lists and deployments name, deployed or not.'],
  'price-lists': ['Price lists', 'The published list of prices, and imported ones.'],
  prices: ['Prices', 'The prices of deployments over time.'],
  models: ['Models', 'Names that several deployments serve.'],
  'route-groups': ['Route groups', 'Names that route to chosen deployments by a policy.'],
  'callable-targets': ['Callable targets', 'Everything that a key can name in a request: models and route groups.'],
  'access-groups': ['Access groups', 'Labels that grant several targets at once.'],
  roles: ['Roles', 'What each role may do.'],
  access: ['Access', 'Explains who may call what, and what a change would alter.'],
  names: ['Names', 'The names of objects by their ids.'],
  usage: ['Usage', 'Requests, tokens and spend, added up.'],
  playground: ['Playground', 'Calls a model from the console.'],
  ledger: ['Ledger', 'Entries that need a look.'],
  'mirror-copies': ['Mirror copies', 'Copies of requests for mirrors, which the platform pays for.'],
  overview: ['Overview', 'The figures of the start page.'],
  search: ['Search', 'Finds objects by a part of their name.'],
  requests: ['Requests', 'The log of requests.'],
  decisions: ['Decisions', 'The reasons for which a request was admitted or refused.'],
  'saved-views': ['Saved views', 'Pages of the console with their filters.'],
  'scheduled-mails': ['Scheduled mails', 'Reports that are mailed every week or month.'],
  alerts: ['Alerts', 'Alerts that were raised.'],
  'alert-rules': ['Alert rules', 'Figures that are watched.'],
  webhooks: ['Webhooks', 'Receivers of events.'],
  jobs: ['Jobs', 'Background jobs and what they found.'],
  health: ['Health', 'The state of the answering process.'],
  settings: ['Settings', 'The settings of the answering process.'],
};

/** Returns the name of the group of a path below /api/v1. Throws if it has none. */
export function tagOf(path: string): string {
  const [name] = TAGS[path.split('/')[1] ?? ''] ?? [];
  if (name === undefined) throw new Error(`admin route ${path} has no tag: add its first part to TAGS`);
  return name;
}

export const tagList = Object.values(TAGS).map(([name, description]) => ({ name, description }));
