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
import { words } from './words.ts';

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
      <FormDialog opened={opened} onClose={onClose} title={words.setUpAnAuthenticator} size="md">
        <PasswordForm
          about={words.enterYourPasswordFirst}
          verb={words.continue}
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
      saved(words.authenticatorIsOn);
    },
    onError: () => setCode(''),
  });
  if (confirm.isSuccess) return <RecoveryCodes codes={setUp.recovery_codes} onClose={onClose} />;
  return (
    <Modal opened onClose={onClose} title={words.setUpAnAuthenticator} closeOnClickOutside={false}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!confirm.isPending) confirm.mutate();
        }}
      >
        <Stack gap="sm">
          <Text fz="sm">{words.scanThis}</Text>
          <Group justify="center">
            <QrCode text={setUp.uri} label={words.qrCodeForYourAuthenticatorApp} />
          </Group>
          <Text component="div" fz="xs" c="dimmed" ta="center">
            {words.cannotScan} <CopyText text={setUp.secret} label={words.theAuthenticatorsSecret} />
          </Text>
          <TextInput
            label={words.code}
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
              {words.cancel}
            </Button>
            <Button type="submit" loading={confirm.isPending} disabled={code.length !== 6}>
              {words.turnOn}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
