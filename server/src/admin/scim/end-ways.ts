import { endEvidence } from '../../store/identity/evidence.ts';
import type { ScimPerson } from '../../store/identity/scim-people.ts';
import type { Change } from '../http/change.ts';

/** Ends what sessions of the person have shown for this organization. Keys of every kind stop with the membership. */
export async function endWays({ tx }: Change, { organizationId, accountId }: ScimPerson): Promise<void> {
  await endEvidence(tx, { organizationId, accountId });
}
