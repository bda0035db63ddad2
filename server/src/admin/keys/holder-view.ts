import { z } from 'zod';
import type { Holder, Holders } from '../../store/access/access-holders.ts';

/** The API view of a holder: a scope that names a target or an access group. */

export const holderOut = z.object({
  scope: z.enum(['organization', 'team', 'user', 'key']),
  id: z.string(),
  name: z.string(),
  organization_id: z.string(),
  organization_name: z.string(),
});

export function renderHolders({ rows }: Holders): z.output<typeof holderOut>[] {
  return rows.map(({ organizationId, organizationName, ...holder }) => ({
    ...holder,
    organization_id: organizationId,
    organization_name: organizationName,
  }));
}

/** Describes one holder in words, for the faults of a problem and for the audit log. */
export function holderText({ scope, id, name, organizationId, organizationName }: Holder): string {
  const place = scope === 'organization' ? '' : ` of organization ${organizationId} (${organizationName})`;
  return `${scope} ${id} (${name})${place}`;
}
