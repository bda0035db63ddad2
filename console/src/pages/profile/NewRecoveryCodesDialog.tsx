import { useState } from 'react';
import { api, asked } from '../../api/client.ts';
import { FormDialog } from '../../components/dialogs/FormDialog.tsx';
import { PasswordForm } from './PasswordForm.tsx';
import { RecoveryCodes } from './RecoveryCodes.tsx';
import { words } from './words.ts';

/** Creates new recovery codes. The old ones stop working. */
export function NewRecoveryCodesDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  return (
    <>
      <FormDialog opened={opened} onClose={onClose} title={words.newRecoveryCodes} size="md">
        <PasswordForm
          about={words.currentCodesStop}
          verb={words.createNewCodes}
          save={(password) => asked(api.POST('/session/recovery-codes', { body: { password } }))}
          onSaved={({ recovery_codes }) => setCodes(recovery_codes)}
        />
      </FormDialog>
      {codes !== null && <RecoveryCodes codes={codes} onClose={() => setCodes(null)} />}
    </>
  );
}
