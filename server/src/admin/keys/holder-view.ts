import { z } from 'zod';
import type { Holder, Holders } from '../../store/access/access-holders.ts';

/** Who names a target or an access group, as the API shows it. */

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

/** One holder in words, for a problem's list and the audit log. */
export function holderText({ scope, id, name, organizationId, organizationName }: Holder): string {
  const place = scope === 'organization' ? '' : ` of organization ${organizationId} (${organizationName})`;
  return `${scope} ${id} (${name})${place}`;
}
