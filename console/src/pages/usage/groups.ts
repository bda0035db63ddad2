import type { Session } from '../../api/session.tsx';
import type { Filter } from '../../components/list/FilterBar.tsx';

/** A way to group usage: the server's name, the label, the field of a line that holds the value, and the filter for one value. */
export interface Group {
  readonly value: string;
  readonly label: string;
  readonly field: string;
  readonly param: string;
  /** The grouping that follows after a person chooses one of these. */
  readonly next: string;
  /** A note for groupings in which one request may be in several lines. */
  readonly several?: string;
}

const OF_REQUESTS = 'A request counts under each of its tags, so the lines add up to more than the total.';
const OF_DEPLOYMENTS = 'A deployment counts under each of the tags it has now, so the lines add up to more than the total.';

const GROUPS: readonly Group[] = [
  { value: 'organization', label: 'Organization', field: 'organization_id', param: 'organization_id', next: 'team' },
  { value: 'team', label: 'Team', field: 'team_id', param: 'team_id', next: 'key' },
  { value: 'key', label: 'Key', field: 'key_id', param: 'key_id', next: 'model' },
  { value: 'member', label: 'Member', field: 'member_id', param: 'member_id', next: 'key' },
  { value: 'service_account', label: 'Service account', field: 'service_account_id', param: 'service_account_id', next: 'key' },
  { value: 'model', label: 'Model', field: 'model', param: 'model', next: 'key' },
  { value: 'deployment', label: 'Deployment', field: 'deployment_id', param: 'deployment_id', next: 'model' },
  { value: 'provider', label: 'Provider', field: 'provider', param: 'provider', next: 'model' },
  { value: 'tag', label: 'Tag', field: 'tag', param: 'tag', next: 'model', several: OF_REQUESTS },
  {
    value: 'deployment_tag',
    label: 'Deployment tag',
    field: 'deployment_tag',
    param: 'deployment_tag',
    next: 'model',
    several: OF_DEPLOYMENTS,
  },
];

/** Groupings that only people of the platform may use. */
const PLATFORM_ONLY = new Set(['deployment', 'provider', 'deployment_tag']);

export function groupsFor(session: Session): readonly Group[] {
  const isOfPlatform = session.platform_capabilities.includes('platform.read');
  return GROUPS.filter(({ value }) => isOfPlatform || !PLATFORM_ONLY.has(value));
}

/** Returns the default grouping: organizations if the report covers several, else teams. */
export function standardGroup(session: Session, organizationId: string | undefined): string {
  return organizationId === undefined && session.platform_capabilities.includes('usage.read') ? 'organization' : 'team';
}

export const USAGE_PARAMS = [
  'organization_id',
  'team_id',
  'key_id',
  'member_id',
  'service_account_id',
  'model',
  'deployment_id',
  'provider',
  'tag',
  'deployment_tag',
] as const;

export function usageFilters(session: Session): readonly Filter[] {
  const isOfPlatform = session.platform_capabilities.includes('platform.read');
  return [
    { param: 'organization_id', label: 'Organization', kind: 'organization' },
    { param: 'team_id', label: 'Team', kind: 'team' },
    { param: 'key_id', label: 'Key', kind: 'key' },
    { param: 'member_id', label: 'Member', kind: 'member' },
    { param: 'service_account_id', label: 'Service account', kind: 'service_account' },
    { param: 'model', label: 'Model', kind: isOfPlatform ? 'model' : 'text' },
    { param: 'tag', label: 'Tag of the request', kind: 'text' },
    ...(isOfPlatform
      ? ([
          { param: 'deployment_id', label: 'Deployment', kind: 'deployment' },
          { param: 'provider', label: 'Provider', kind: { oneOf: ['openai', 'anthropic', 'fake'] } },
          { param: 'deployment_tag', label: 'Tag of the deployment', kind: 'text' },
        ] as const)
      : []),
  ];
}
