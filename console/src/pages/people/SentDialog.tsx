import { Text } from '@mantine/core';
import type { Schema } from '../../api/client.ts';
import { CopyField } from '../../components/CopyField.tsx';
import { SecretDialog } from '../../components/dialogs/SecretDialog.tsx';
import { Time } from '../../components/Time.tsx';
import { words } from './words.ts';

/** Shows the link of an invitation once, for handing it over if no mail was sent, or in addition to the mail. */
export function SentDialog({ of: sent, onClose }: { of: Schema<'SentInvitation'>; onClose: () => void }) {
  return (
    <SecretDialog title={words.isInvited(sent.email)} done={words.done} onClose={onClose}>
      <Text fz="sm">
        {words.invitationLinkMeans(sent.mailed)} <Time at={sent.expires_at} />.
      </Text>
      <CopyField label={words.link} value={sent.link} />
      <Text fz="xs" c="dimmed">
        {words.givenLinkMeans}
      </Text>
    </SecretDialog>
  );
}
