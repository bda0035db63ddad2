import { CLIENTS } from '../../api/clients.ts';
import { CREDENTIAL_PROVIDERS } from '../../api/credentials.ts';
import type { Session } from '../../api/session.tsx';
import type { UrlState } from '../../components/fields/useUrlState.ts';
import type { Filter } from '../../components/list/FilterBar.tsx';
import { words } from './words.ts';

/** A way to group usage: the server's name, the label, the field of a line that holds the value, and the filter for one value. */
export interface Group {
  readonly value: string;
  readonly label: string;
  readonly field: string;
  readonly param: string;
  /** The grouping that follows after a person chooses one of these. */
  readonly next: string;
  /** A note on the lines, for groupings in which one request may be in several, or in which names are bounded. */
  readonly several?: string;
}

const GROUPS: readonly Group[] = [
  { value: 'organization', label: words.organization, field: 'organization_id', param: 'organization_id', next: 'team' },
  { value: 'team', label: words.team, field: 'team_id', param: 'team_id', next: 'key' },
  { value: 'key', label: words.key, field: 'key_id', param: 'key_id', next: 'model' },
  { value: 'member', label: words.member, field: 'member_id', param: 'member_id', next: 'key' },
  {
    value: 'service_account',
    label: words.serviceAccount,
    field: 'service_account_id',
    param: 'service_account_id',
    next: 'key',
  },
  { value: 'model', label: words.model, field: 'model', param: 'model', next: 'key' },
  { value: 'deployment', label: words.deployment, field: 'deployment_id', param: 'deployment_id', next: 'model' },
  { value: 'provider', label: words.provider, field: 'provider', param: 'provider', next: 'model' },
  { value: 'tag', label: words.requestTag, field: 'tag', param: 'tag', next: 'model', several: words.severalRequestTags },
  {
    value: 'deployment_tag',
    label: words.deploymentTag,
    field: 'deployment_tag',
    param: 'deployment_tag',
    next: 'model',
    several: words.severalDeploymentTags,
  },
  { value: 'owner', label: words.deploymentOwner, field: 'owner', param: 'owner', next: 'model' },
  {
    value: 'end_user',
    label: words.endUser,
    field: 'end_user',
    param: 'end_user',
    next: 'model',
    several: words.namesAreBounded,
  },
  { value: 'session', label: words.session, field: 'session', param: 'session', next: 'model', several: words.namesAreBounded },
  { value: 'client', label: words.client, field: 'client', param: 'client', next: 'model' },
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
  'owner',
  'end_user',
  'session',
  'client',
] as const;

export function usageFilters(session: Session): readonly Filter[] {
  const isOfPlatform = session.platform_capabilities.includes('platform.read');
  return [
    { param: 'organization_id', label: words.organization, kind: 'organization' },
    { param: 'team_id', label: words.team, kind: 'team' },
    { param: 'key_id', label: words.key, kind: 'key' },
    { param: 'member_id', label: words.member, kind: 'member' },
    { param: 'service_account_id', label: words.serviceAccount, kind: 'service_account' },
    { param: 'model', label: words.model, kind: isOfPlatform ? 'model' : 'text' },
    { param: 'tag', label: words.requestTag, kind: 'text' },
    { param: 'owner', label: words.deploymentOwner, kind: { oneOf: ['organization', 'platform'] } },
    { param: 'end_user', label: words.endUser, kind: 'text' },
    { param: 'session', label: words.session, kind: 'text' },
    { param: 'client', label: words.client, kind: { oneOf: CLIENTS } },
    ...(isOfPlatform
      ? ([
          { param: 'deployment_id', label: words.deployment, kind: 'deployment' },
          { param: 'provider', label: words.provider, kind: { oneOf: [...CREDENTIAL_PROVIDERS, 'fake'] } },
          { param: 'deployment_tag', label: words.deploymentTag, kind: 'text' },
        ] as const)
      : []),
  ];
}

/** The groupings of which usage can have one at a time, with the filters of which they exclude each other. */
const LABELS: readonly string[] = ['tag', 'end_user', 'session'];

/** Returns changes of the address that remove the filters which the server does not combine with a grouping. */
export function withoutConflicts(chosen: string): UrlState {
  const isLabel = LABELS.includes(chosen);
  const others = isLabel ? LABELS.filter((label) => label !== chosen) : [];
  const excluded = chosen === 'client' ? ['tag'] : chosen === 'tag' ? [...others, 'client'] : others;
  return Object.fromEntries(excluded.map((param) => [param, undefined]));
}
