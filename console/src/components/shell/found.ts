import type { Schema } from '../../api/client.ts';
import { PATHS } from '../../paths.ts';
import { addressOf } from './addresses.ts';

export type Found = Schema<'SearchResult'>;

/** Where a found object is seen. What has no page of its own is shown in the list it stands in. */
export function placeOf({ kind, id, name, organization_id }: Found): { to: string; search: Readonly<Record<string, string>> } {
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
    default:
      return { to: addressOf(id, kind) ?? PATHS.overview, search: {} };
  }
}
