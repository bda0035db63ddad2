import { Text, Textarea } from '@mantine/core';
import { useForm } from '@mantine/form';
import { api, asked, type Schema } from '../../api/client.ts';
import { DialogForm, FormDialog } from '../../components/dialogs/FormDialog.tsx';
import { saved } from '../../components/dialogs/saved.ts';

type Account = Schema<'Account'>;

/**
 * Lets a platform admin vouch that an address belongs to whoever uses the account, for people who cannot be reached by e-mail.
 */
export function VouchDialog({ of: account, onClose }: { of: Account; onClose: () => void }) {
  return (
    <FormDialog opened onClose={onClose} title={`Vouch for ${account.email}`} size="md">
      <Fields of={account} />
    </FormDialog>
  );
}

function Fields({ of: account }: { of: Account }) {
  const form = useForm({
    initialValues: { reason: '' },
    validate: { reason: (reason) => (reason.trim() === '' ? 'Say how you know. It stays with the account.' : null) },
  });
  return (
    <DialogForm
      form={form}
      verb="Vouch"
      invalidates={['accounts']}
      save={({ reason }) =>
        asked(api.POST('/accounts/{id}/vouch', { params: { path: { id: account.id } }, body: { reason: reason.trim() } }))
      }
      onSaved={() => saved(`You vouched for ${account.email}.`)}
    >
      <Text fz="sm">
        Every organization can admit this account from then on. Look at its ways to sign in first: whoever added them can use
        them. Reset the password and the second factor if you are not sure.
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
    </DialogForm>
  );
}
