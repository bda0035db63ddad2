import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked } from '../../api/client.ts';
import { ProblemNote } from '../../components/Asked.tsx';
import { CopyText } from '../../components/CopyText.tsx';
import { FormDialog } from '../../components/dialogs/FormDialog.tsx';
import { saved } from '../../components/dialogs/saved.ts';
import { PasswordForm } from './PasswordForm.tsx';
import { QrCode } from './QrCode.tsx';
import { RecoveryCodes } from './RecoveryCodes.tsx';

interface SetUp {
  readonly uri: string;
  readonly secret: string;
  readonly recovery_codes: readonly string[];
}

/**
 * Sets up an authenticator: password, QR code and first code, then the recovery codes. It is active only after a correct first
 * code.
 */
export function AuthenticatorDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const [setUp, setSetUp] = useState<SetUp | null>(null);
  return (
    <>
      <FormDialog opened={opened} onClose={onClose} title="Set up an authenticator" size="md">
        <PasswordForm
          about="Enter your password first."
          verb="Continue"
          save={(password) => asked(api.POST('/session/totp', { body: { password } }))}
          onSaved={setSetUp}
        />
      </FormDialog>
      {setUp !== null && <Confirm setUp={setUp} onClose={() => setSetUp(null)} />}
    </>
  );
}

function Confirm({ setUp, onClose }: { setUp: SetUp; onClose: () => void }) {
  const [code, setCode] = useState('');
  const queryClient = useQueryClient();
  const confirm = useMutation({
    mutationFn: () => asked(api.POST('/session/totp/confirm', { body: { code } })),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: ['session'] });
      saved('The authenticator is on. You need its code the next time you sign in.');
    },
    onError: () => setCode(''),
  });
  if (confirm.isSuccess) return <RecoveryCodes codes={setUp.recovery_codes} onClose={onClose} />;
  return (
    <Modal opened onClose={onClose} title="Set up an authenticator" closeOnClickOutside={false}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!confirm.isPending) confirm.mutate();
        }}
      >
        <Stack gap="sm">
          <Text fz="sm">Scan this with your authenticator app, then enter the code that it shows.</Text>
          <Group justify="center">
            <QrCode text={setUp.uri} label="QR code for your authenticator app" />
          </Group>
          <Text component="div" fz="xs" c="dimmed" ta="center">
            Cannot scan? Enter <CopyText text={setUp.secret} label="the authenticator’s secret" />
          </Text>
          <TextInput
            label="Code"
            data-autofocus
            inputMode="numeric"
            autoComplete="one-time-code"
            maxLength={6}
            value={code}
            onChange={(event) => setCode(event.currentTarget.value.replaceAll(/\D/g, ''))}
          />
          {confirm.isError && <ProblemNote error={confirm.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={confirm.isPending} disabled={code.length !== 6}>
              Turn on
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
