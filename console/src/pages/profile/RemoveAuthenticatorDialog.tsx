import { api, asked } from '../../api/client.ts';
import { FormDialog } from '../../components/dialogs/FormDialog.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { PasswordForm } from './PasswordForm.tsx';

/** Removes the authenticator, so that the password alone signs in. */
export function RemoveAuthenticatorDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <FormDialog opened={opened} onClose={onClose} title="Turn the authenticator off" size="md">
      <PasswordForm
        about="Your password alone then signs you in, and your recovery codes stop working. Passkeys are kept."
        verb="Turn off"
        save={(password) => asked(api.DELETE('/session/totp', { body: { password } }))}
        onSaved={() => saved('The authenticator is off.')}
      />
    </FormDialog>
  );
}
