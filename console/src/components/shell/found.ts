import type { Schema } from '../../api/client.ts';
import { PATHS } from '../../paths.ts';
import { addressOf } from './addresses.ts';

export type Found = Schema<'SearchResult'>;

/** Returns the address of a found object. An object without a page of its own is shown in its list. */
export function placeOf({ kind, id, name, organization_id, team_id }: Found): {
  to: string;
  search: Readonly<Record<string, string>>;
} {
  switch (kind) {
    case 'member':
      return {
        to: PATHS.organization.replace('$organizationId', organization_id ?? ''),
        search: { tab: 'members', search: name },
      };
    case 'model':
      return { to: PATHS.models, search: { search: id } };
    case 'credential':
      return { to: PATHS.credentials, search: { search: name } };
    case 'service_account':
      return { to: PATHS.team.replace('$teamId', team_id ?? ''), search: { tab: 'service-accounts' } };
    case 'webhook':
      return organization_id === null
        ? { to: PATHS.settings, search: { tab: 'webhooks' } }
        : { to: PATHS.organization.replace('$organizationId', organization_id), search: { tab: 'webhooks' } };
    default:
      return { to: addressOf(id, kind) ?? PATHS.overview, search: {} };
  }
}
