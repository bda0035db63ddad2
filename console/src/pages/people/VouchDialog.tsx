import { Text, Textarea } from '@mantine/core';
import { api, asked, type Schema } from '../../api/client.ts';
import { CreateDialog } from '../../components/dialogs/CreateDialog.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { words } from './words.ts';

type Account = Schema<'Account'>;

/**
 * Lets a platform admin vouch that an address belongs to whoever uses the account, for people who cannot be reached by e-mail.
 */
export function VouchDialog({ of: account, onClose }: { of: Account; onClose: () => void }) {
  return (
    <CreateDialog
      opened
      onClose={onClose}
      title={words.vouchFor(account.email)}
      size="md"
      initial={{ reason: '' }}
      validate={{ reason: (reason) => (reason.trim() === '' ? words.enterReason : null) }}
      verb={words.vouchForAddress}
      invalidates={['accounts']}
      save={({ reason }) =>
        asked(api.POST('/accounts/{id}/vouch', { params: { path: { id: account.id } }, body: { reason: reason.trim() } }))
      }
      onSaved={() => saved(words.youVouchedFor(account.email))}
    >
      {(form) => (
        <>
          <Text fz="sm">{words.vouchingMeans}</Text>
          <Textarea
            label={words.reason}
            description={words.reasonIsKept}
            placeholder={words.reasonExample}
            data-autofocus
            required
            withAsterisk={false}
            maxLength={500}
            {...form.getInputProps('reason')}
          />
        </>
      )}
    </CreateDialog>
  );
}
