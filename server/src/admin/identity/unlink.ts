import { endEvidence } from '../../store/identity/evidence.ts';
import type { LinkKey } from '../../store/identity/identity-links.ts';
import type { Change } from '../http/change.ts';

/** A link that was just deleted. `accountName` null: it is not at hand. */
interface DeletedLink extends LinkKey {
  readonly accountId: string;
  readonly accountName: string | null;
}

/** Ends what the organization's providers have shown of an account that lost a link, and records the loss. */
export async function afterUnlink({ tx, record }: Change, link: DeletedLink): Promise<void> {
  const { organizationId, providerId, subject, accountId, accountName } = link;
  await endEvidence(tx, { organizationId, accountId });
  await record({
    organizationId,
    action: 'identity_link.delete',
    objectType: 'identity_link',
    objectId: accountId,
    objectName: accountName,
    before: { identity_provider: providerId, subject, account_id: accountId },
    after: null,
  });
}
