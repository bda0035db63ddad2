import { CLIENTS } from '../../api/clients.ts';
import type { Session } from '../../api/session.tsx';
import type { Filter } from '../../components/list/FilterBar.tsx';
import { CODES } from './codes.ts';
import { words } from './words.ts';

/** Returns the filters of the request log. Only people of the platform see deployments. */
export function requestFilters(session: Session): readonly Filter[] {
  const mayReadCatalogue = session.platform_capabilities.includes('platform.read');
  return [
    { param: 'organization_id', label: words.organization, kind: 'organization' },
    { param: 'team_id', label: words.team, kind: 'team' },
    { param: 'key_id', label: words.key, kind: 'key' },
    { param: 'member_id', label: words.member, kind: 'member' },
    { param: 'service_account_id', label: words.serviceAccount, kind: 'service_account' },
    { param: 'model', label: words.modelCalled, kind: mayReadCatalogue ? 'model' : 'text' },
    ...(mayReadCatalogue ? [{ param: 'deployment_id', label: words.deployment, kind: 'deployment' } as const] : []),
    { param: 'code', label: words.code, kind: { oneOf: CODES } },
    { param: 'tag', label: words.tag, kind: 'text' },
    { param: 'end_user', label: words.endUser, kind: 'text' },
    { param: 'session', label: words.session, kind: 'text' },
    { param: 'client', label: words.client, kind: { oneOf: CLIENTS } },
  ];
}

export const FILTER_PARAMS = [
  'organization_id',
  'team_id',
  'key_id',
  'member_id',
  'service_account_id',
  'model',
  'deployment_id',
  'code',
  'status',
  'tag',
  'end_user',
  'session',
  'client',
] as const;
