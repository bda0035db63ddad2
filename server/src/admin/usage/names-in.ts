import { can, reachOf } from '../../domain/tenancy/permission.ts';
import { namesOf } from '../../store/tenancy/names-of-ids.ts';
import type { AdminCall } from '../http/call.ts';
import type { Names } from './focus.ts';

const NAMES_AT_ONCE = 500;

/** Returns the names of ids, limited to those that the caller may see. */
export async function namesIn(call: AdminCall<unknown, unknown, unknown>, ids: Iterable<string>): Promise<Names> {
  const names = new Map<string, string>();
  const all = [...new Set(ids)];
  const visible = {
    organizations: reachOf(call.actor, 'organization.read'),
    teams: reachOf(call.actor, 'teams.read'),
    mayReadCatalogue: can(call.actor, 'platform.read', { organizationId: null }),
  };
  for (let at = 0; at < all.length; at += NAMES_AT_ONCE) {
    const some = await namesOf(call.deps.db, { ids: all.slice(at, at + NAMES_AT_ONCE), ...visible });
    for (const [id, name] of Object.entries(some)) names.set(id, name);
  }
  return names;
}
