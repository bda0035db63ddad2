import { api, asked } from '../../api/client.ts';
import { FormDialog } from '../../components/dialogs/FormDialog.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { PasswordForm } from './PasswordForm.tsx';
import { words } from './words.ts';

/** Removes the authenticator, so that the password alone signs in. */
export function RemoveAuthenticatorDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <FormDialog opened={opened} onClose={onClose} title={words.turnTheAuthenticatorOff} size="md">
      <PasswordForm
        about={words.authenticatorOffMeans}
        verb={words.turnOff}
        save={(password) => asked(api.DELETE('/session/totp', { body: { password } }))}
        onSaved={() => saved(words.theAuthenticatorIsOff)}
      />
    </FormDialog>
  );
}
