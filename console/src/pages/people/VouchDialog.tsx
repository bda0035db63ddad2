import { Text, Textarea } from '@mantine/core';
import { api, asked, type Schema } from '../../api/client.ts';
import { CreateDialog } from '../../components/dialogs/CreateDialog.tsx';
import { saved } from '../../components/dialogs/saved.ts';

type Account = Schema<'Account'>;

/**
 * Lets a platform admin vouch that an address belongs to whoever uses the account, for people who cannot be reached by e-mail.
 */
export function VouchDialog({ of: account, onClose }: { of: Account; onClose: () => void }) {
  return (
    <CreateDialog
      opened
      onClose={onClose}
      title={`Vouch for ${account.email}`}
      size="md"
      initial={{ reason: '' }}
      validate={{ reason: (reason) => (reason.trim() === '' ? 'Enter how you know. It is kept with the account.' : null) }}
      verb="Vouch for address"
      invalidates={['accounts']}
      save={({ reason }) =>
        asked(api.POST('/accounts/{id}/vouch', { params: { path: { id: account.id } }, body: { reason: reason.trim() } }))
      }
      onSaved={() => saved(`You vouched for ${account.email}.`)}
    >
      {(form) => (
        <>
          <Text fz="sm">
            Every organization can then accept this account. First check its ways to sign in: the person who added them can use
            them. If you are not sure, reset the password and the second factor.
          </Text>
          <Textarea
            label="Reason"
            description="Kept with the account and in the audit log."
            placeholder="Spoke to her on her office number"
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
