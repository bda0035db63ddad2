import { PATHS } from './paths.ts';

/**
 * The addresses of the console's pages with the parameters that each page reads. Links and navigation are made from these, so that
 * the compiler finds a misspelled parameter. `undefined` leaves a parameter out.
 */
export interface PageAddress {
  readonly to: string;
  readonly search: Readonly<Record<string, string | undefined>>;
}

/** The parameters of one page, by name. */
type Search<Name extends string> = Readonly<Partial<Record<Name, string | undefined>>>;

/** The parameters that most lists read. */
type ListSearch = 'search' | 'sort' | 'status';

/** The objects by which the log and the reports are filtered. */
type TenantFilter = 'organization_id' | 'team_id' | 'key_id' | 'member_id' | 'service_account_id';
type RangeSearch = 'range' | 'from' | 'to';

type OrganizationTab =
  | 'overview'
  | 'teams'
  | 'members'
  | 'keys'
  | 'logins'
  | 'access'
  | 'limits'
  | 'usage'
  | 'files'
  | 'audit'
  | 'security'
  | 'sign-in'
  | 'service-accounts'
  | 'providers'
  | 'webhooks'
  | 'settings';

const plain = (to: string) => () => address(to, {});
const page =
  <Name extends string>(to: string) =>
  (search?: Search<Name>) =>
    address(to, search ?? {});
const object =
  <Name extends string>(path: string) =>
  (id: string, search?: Search<Name>) =>
    address(path.replace(/\$\w+$/, encodeURIComponent(id)), search ?? {});

export const links = {
  overview: page<'organization_id' | 'range'>(PATHS.overview),
  organizations: page<ListSearch | 'create' | 'like' | 'template' | 'templates' | 'unpriced'>(PATHS.organizations),
  organization: (
    id: string,
    search: Search<'edit' | 'new' | 'action' | 'dialog' | 'part'> & { readonly tab?: OrganizationTab | undefined } = {},
  ) => object<string>(PATHS.organization)(id, search),
  statements: (id: string, search?: Search<'month'>) =>
    address(PATHS.statements.replace('$organizationId', encodeURIComponent(id)), search ?? {}),
  directory: (id: string, search?: Search<'part' | 'new'>) =>
    address(PATHS.directory.replace('$organizationId', encodeURIComponent(id)), search ?? {}),
  workloads: (id: string, search?: Search<'tab' | 'new'>) =>
    address(PATHS.workloads.replace('$organizationId', encodeURIComponent(id)), search ?? {}),
  teams: page<ListSearch | 'new' | 'organization_id'>(PATHS.teams),
  team: object<'tab' | 'edit' | 'new'>(PATHS.team),
  people: page<ListSearch | 'tab' | 'new' | 'organization_id'>(PATHS.people),
  account: object<'organization_id' | 'member_id' | 'edit'>(PATHS.account),
  roles: page<'role' | 'search'>(PATHS.roles),
  keys: page<
    ListSearch | 'new' | 'organization_id' | 'team_id' | 'account_id' | 'service_account_id' | 'unused_days' | 'kind' | 'owned_by'
  >(PATHS.keys),
  key: object<'tab' | 'edit'>(PATHS.key),
  callableModels: page<'key_id' | 'search' | 'name' | 'mode'>(PATHS.callableModels),
  models: page<ListSearch | 'new' | 'model' | 'provider' | 'credential_id' | 'passed_over' | 'unpriced'>(PATHS.models),
  deployment: object<'tab' | 'edit'>(PATHS.deployment),
  knownModels: page<ListSearch | 'tab' | 'credential' | 'provider' | 'feature' | 'deployed' | 'priced'>(PATHS.knownModels),
  credentials: page<ListSearch | 'new'>(PATHS.credentials),
  presets: page<ListSearch | 'new'>(PATHS.presets),
  routeGroups: page<ListSearch | 'new'>(PATHS.routeGroups),
  routeGroup: object<'tab' | 'edit'>(PATHS.routeGroup),
  accessGroups: page<ListSearch | 'new'>(PATHS.accessGroups),
  accessGroup: object<'edit'>(PATHS.accessGroup),
  accessExplorer: page<'ask' | 'key' | 'target' | 'organization_id' | 'who'>(PATHS.accessExplorer),
  playground: page<'key' | 'model' | 'dialect'>(PATHS.playground),
  usage: page<TenantFilter | RangeSearch | 'model' | 'provider' | 'deployment_id' | 'by' | 'metric' | 'tag'>(PATHS.usage),
  requests: page<TenantFilter | RangeSearch | 'model' | 'deployment_id' | 'code' | 'status' | 'live'>(PATHS.requests),
  request: object<'tab'>(PATHS.request),
  alerts: page<ListSearch | 'organization_id'>(PATHS.alerts),
  audit: page<RangeSearch | 'organization_id' | 'object_type' | 'object_id' | 'actor_id' | 'action' | 'search' | 'event'>(
    PATHS.audit,
  ),
  security: page<'organization_id'>(PATHS.security),
  settings: page<'tab' | 'new' | 'unowned' | 'owner' | 'service_account_id' | 'organization_id'>(PATHS.settings),
  profile: page<'link'>(PATHS.profile),
  start: plain(PATHS.start),
  signIn: page<'to' | 'email' | 'notice' | 'organization'>(PATHS.signIn),
  firstAdmin: plain(PATHS.firstAdmin),
  resetPassword: plain(PATHS.resetPassword),
} as const;

/** Returns the address of the open page with only these parameters. */
export function here(search: PageAddress['search']): PageAddress {
  return { to: '.', search };
}

function address(to: string, search: PageAddress['search']): PageAddress {
  return { to, search };
}
