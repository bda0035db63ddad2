import { z } from 'zod';
import { capabilitiesOf } from '../../domain/tenancy/permission.ts';
import type { AccessGroupRow } from '../../store/access/access-groups.ts';
import * as groups from '../../store/access/access-groups.ts';
import * as deployments from '../../store/catalogue/deployments.ts';
import type { AdminCall } from '../http/call.ts';
import { instantOut, isoOf } from '../http/fields.ts';
import { capabilities } from '../organizations/organization-view.ts';

/** The API view of an access group. */

export const groupOut = z
  .object({
    key: z.string(),
    name: z.string(),
    description: z.string(),
    member_count: z.int(),
    warning: z
      .string()
      .nullable()
      .meta({ description: 'A warning if a routing tag has the same text, because tags never authorize; else null.' }),
    capabilities,
    version: z.int(),
    created_at: instantOut,
    updated_at: instantOut,
  })
  .meta({ id: 'AccessGroup' });

export async function viewGroup(call: AdminCall, row: AccessGroupRow): Promise<z.output<typeof groupOut>> {
  const [view] = await viewGroups(call, [row]);
  if (view === undefined) throw new Error('the view of the row is missing');
  return view;
}

export async function viewGroups(call: AdminCall, rows: readonly AccessGroupRow[]) {
  const keys = rows.map((row) => row.key);
  const counts = await groups.memberCounts(call.deps.db, keys);
  const tags = await deployments.tagsAmong(call.deps.db, keys);
  return rows.map((row) => ({
    ...groupFacts(row),
    member_count: counts.get(row.key) ?? 0,
    warning: tagWarning(row.key, tags),
    capabilities: [...capabilitiesOf(call.actor, { organizationId: null })],
    version: row.version,
    created_at: isoOf(row.createdAt),
    updated_at: isoOf(row.updatedAt),
  }));
}

/** Returns the fields that people set, which the audit log compares. */
export function groupFacts(row: AccessGroupRow) {
  return { key: row.key, name: row.name, description: row.description };
}

/** Returns a warning if a routing tag has the same text as the key, else null. */
export function tagWarning(key: string, tags: ReadonlySet<string>): string | null {
  if (!tags.has(key)) return null;
  return `"${key}" is also a routing tag. Tags choose among deployments and authorize nothing; only this access group does.`;
}

export function groupEvent(row: AccessGroupRow) {
  return { organizationId: null, objectType: 'access_group', objectId: row.key, objectName: row.name };
}
