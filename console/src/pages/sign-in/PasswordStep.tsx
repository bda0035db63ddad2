import { Anchor, Button, Divider, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { browserSupportsWebAuthn } from '@simplewebauthn/browser';
import { IconFingerprint } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { PageLink } from '../../components/PageLink.tsx';
import { links } from '../../links.ts';
import { SignInProblem } from './SignInProblem.tsx';
import { signInWithPasskey } from './with-passkey.ts';
import { words } from './words.ts';

interface PasswordStepProps {
  /** The invitation's address if an invitation led here. */
  readonly email: string;
  readonly onDone: () => Promise<void>;
  readonly onSecondFactor: () => void;
}

export function PasswordStep({ email, onDone, onSecondFactor }: PasswordStepProps) {
  const form = useForm({ mode: 'uncontrolled', initialValues: { email, password: '' } });
  const withPassword = useMutation({
    mutationFn: (values: { email: string; password: string }) => asked(api.POST('/session/sign-in', { body: values })),
    onSuccess: ({ status }) => (status === 'second_factor' ? onSecondFactor() : onDone()),
  });
  const withPasskey = useMutation({ mutationFn: signInWithPasskey, onSuccess: onDone });
  const isBusy = withPassword.isPending || withPasskey.isPending;
  return (
    <Stack gap="md">
      <form
        onSubmit={form.onSubmit((values) => {
          withPasskey.reset();
          withPassword.mutate({ email: values.email.trim(), password: values.password });
        })}
      >
        <Stack gap="sm">
          <SignInProblem error={withPassword.error ?? withPasskey.error} />
          <TextInput
            label={words.eMail}
            type="email"
            required
            withAsterisk={false}
            autoComplete="username"
            maxLength={254}
            autoFocus={email === ''}
            key={form.key('email')}
            {...form.getInputProps('email')}
          />
          <PasswordInput
            label={words.password}
            required
            withAsterisk={false}
            autoComplete="current-password"
            maxLength={128}
            autoFocus={email !== ''}
            visibilityToggleButtonProps={{ 'aria-label': words.showOrHideThePassword }}
            key={form.key('password')}
            {...form.getInputProps('password')}
          />
          <Button type="submit" fullWidth loading={withPassword.isPending} disabled={isBusy}>
            {words.signIn}
          </Button>
          <Anchor component={PageLink} at={links.resetPassword()} fz="sm" ta="center">
            {words.forgotYourPassword}
          </Anchor>
        </Stack>
      </form>
      {browserSupportsWebAuthn() && (
        <>
          <Divider label={words.or} />
          <Button
            variant="default"
            fullWidth
            leftSection={<IconFingerprint size={18} />}
            loading={withPasskey.isPending}
            disabled={isBusy}
            onClick={() => {
              withPassword.reset();
              withPasskey.mutate();
            }}
          >
            {words.signInWithAPasskey}
          </Button>
        </>
      )}
    </Stack>
  );
}
