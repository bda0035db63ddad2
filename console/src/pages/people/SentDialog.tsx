import { Text } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { CopyField } from '../../components/CopyField.tsx';
import { SecretDialog } from '../../components/dialogs/SecretDialog.tsx';
import { Time } from '../../components/Time.tsx';

/** Shows the link of an invitation once, for handing it over if no mail was sent, or in addition to the mail. */
export function SentDialog({ of: sent, onClose }: { of: Schema<'SentInvitation'>; onClose: () => void }) {
  return (
    <SecretDialog title={`${sent.email} is invited`} done="Done" onClose={onClose}>
      <Text fz="sm">
        {sent.mailed
          ? 'The invitation was sent by e-mail. The link in the e-mail proves the address. Use the link below only if the e-mail does not arrive.'
          : 'No e-mail was sent. Give this link to the person yourself. It is not shown again.'}{' '}
        It works once, for this address only, until <Time at={sent.expires_at} />.
      </Text>
      <CopyField label="Link" value={sent.link} />
      <Text fz="xs" c="dimmed">
        A link that you give to the person does not prove their address. Until the address is proved, no other organization
        accepts the account.
      </Text>
    </SecretDialog>
  );
}
