import { Button, PasswordInput } from '@mantine/core';
import { useState } from 'react';
import { api, asked } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { CreateDialog } from '../../components/dialogs/CreateDialog.tsx';
import { NewPasswordField } from '../../components/dialogs/NewPasswordField.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { Section } from './Section.tsx';
import { words } from './words.ts';

/** Changes the password. This ends every other session. */
export function PasswordSection() {
  const [opened, setOpened] = useState(false);
  const { account } = useSession();
  return (
    <Section
      title={words.password}
      about={words.passwordChangeMeans}
      actions={
        <Button variant="default" onClick={() => setOpened(true)}>
          {words.changePassword}
        </Button>
      }
    >
      <CreateDialog
        opened={opened}
        onClose={() => setOpened(false)}
        title={words.changePassword}
        size="md"
        initial={{ current_password: '', new_password: '' }}
        verb={words.changePassword}
        invalidates={['session', 'sessions']}
        save={(body) => asked(api.POST('/session/password', { body }))}
        onSaved={() => saved(words.passwordWasChanged)}
      >
        {(form) => (
          <>
            <input type="text" hidden readOnly autoComplete="username" value={account.email} />
            <PasswordInput
              label={words.currentPassword}
              data-autofocus
              required
              withAsterisk={false}
              maxLength={128}
              autoComplete="current-password"
              {...form.getInputProps('current_password')}
            />
            <NewPasswordField label={words.newPassword} {...form.getInputProps('new_password')} />
          </>
        )}
      </CreateDialog>
    </Section>
  );
}
