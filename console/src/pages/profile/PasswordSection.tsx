import { Button, PasswordInput } from '@mantine/core';
import { useState } from 'react';
import { api, asked } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { CreateDialog } from '../../components/dialogs/CreateDialog.tsx';
import { NewPasswordField } from '../../components/dialogs/NewPasswordField.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { Section } from './Section.tsx';

/** Changes the password. This ends every other session. */
export function PasswordSection() {
  const [opened, setOpened] = useState(false);
  const { account } = useSession();
  return (
    <Section
      title="Password"
      about="Changing it signs you out of every other browser."
      actions={
        <Button variant="default" onClick={() => setOpened(true)}>
          Change password
        </Button>
      }
    >
      <CreateDialog
        opened={opened}
        onClose={() => setOpened(false)}
        title="Change password"
        size="md"
        initial={{ current_password: '', new_password: '' }}
        verb="Change password"
        invalidates={['session', 'sessions']}
        save={(body) => asked(api.POST('/session/password', { body }))}
        onSaved={() => saved('Your password was changed. Every other browser was signed out.')}
      >
        {(form) => (
          <>
            <input type="text" hidden readOnly autoComplete="username" value={account.email} />
            <PasswordInput
              label="Current password"
              data-autofocus
              required
              withAsterisk={false}
              maxLength={128}
              autoComplete="current-password"
              {...form.getInputProps('current_password')}
            />
            <NewPasswordField label="New password" {...form.getInputProps('new_password')} />
          </>
        )}
      </CreateDialog>
    </Section>
  );
}
