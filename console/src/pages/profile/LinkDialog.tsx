import { List, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { api, asked } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { DialogForm, FormDialog } from '../../components/dialogs/FormDialog.tsx';
import { PATHS } from '../../paths.ts';
import { words } from './words.ts';

interface LinkDialogProps {
  readonly opened: boolean;
  readonly id: string;
  readonly provider: string;
  readonly onClose: () => void;
}

/**
 * Asks who the person is at the provider, because a browser may be signed in there as somebody else. The first link of an account
 * whose address nobody proved removes the other ways in, which is said here too.
 */
export function LinkDialog({ opened, onClose, ...of }: LinkDialogProps) {
  return (
    <FormDialog opened={opened} onClose={onClose} title={words.linkTo(of.provider)} size="md">
      <LinkForm {...of} />
    </FormDialog>
  );
}

function LinkForm({ id, provider }: { readonly id: string; readonly provider: string }) {
  const { account, mail_configured: hasMail } = useSession();
  const form = useForm({
    initialValues: { address: account.email },
    validate: { address: (address) => (address.trim() === '' ? words.enterYourAddress : null) },
  });
  const removes = [
    words.linkProves(account.email, provider),
    words.linkRemoves,
    words.afterLink(provider),
    ...(hasMail ? [words.passwordByMail] : []),
  ];
  return (
    <DialogForm
      form={form}
      verb={account.address_proved ? words.goOnToLink : words.linkAndRemove}
      invalidates={[]}
      save={({ address }) =>
        asked(
          api.POST('/sso/{idp_id}/link', {
            params: { path: { idp_id: id } },
            body: { return_to: PATHS.profile, address: address.trim() },
          }),
        )
      }
      onSaved={({ location }) => window.location.assign(location)}
    >
      <TextInput
        label={words.addressAtProvider(provider)}
        description={words.addressAtProviderMeans}
        type="email"
        data-autofocus
        required
        withAsterisk={false}
        maxLength={254}
        {...form.getInputProps('address')}
      />
      {!account.address_proved && (
        <List fz="sm" spacing={4}>
          {removes.map((line) => (
            <List.Item key={line}>{line}</List.Item>
          ))}
        </List>
      )}
    </DialogForm>
  );
}
