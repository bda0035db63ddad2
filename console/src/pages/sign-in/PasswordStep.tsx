import { Anchor, Button, Divider, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { browserSupportsWebAuthn } from '@simplewebauthn/browser';
import { IconFingerprint } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { PageLink } from '../../components/PageLink.tsx';
import { links } from '../../links.ts';
import { ProviderButtons } from './ProviderButtons.tsx';
import { SignInProblem } from './SignInProblem.tsx';
import { useChoice } from './useChoice.ts';
import { signInWithPasskey } from './with-passkey.ts';
import { words } from './words.ts';

interface PasswordStepProps {
  /** The invitation's address if an invitation led here. */
  readonly email: string;
  /** The page to open afterwards. */
  readonly to: string | undefined;
  /** The slug of an organization whose identity providers are offered at once. */
  readonly organization: string | undefined;
  readonly onDone: () => Promise<void>;
  readonly onSecondFactor: () => void;
}

/** The first step: the address, and the ways to sign in that it offers. */
export function PasswordStep({ email, to, organization, onDone, onSecondFactor }: PasswordStepProps) {
  const choice = useChoice(email, organization);
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { email, password: '' },
    onValuesChange: (values) => choice.setEmail(values.email),
  });
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
          if (!choice.isPasswordShown) return;
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
          <Providers choice={choice} to={to} />
          {choice.isPasswordShown && (
            <>
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
              <Button
                type="submit"
                fullWidth
                variant={choice.choice === null ? 'filled' : 'default'}
                loading={withPassword.isPending}
                disabled={isBusy}
              >
                {words.signIn}
              </Button>
              <Anchor component={PageLink} at={links.resetPassword()} fz="sm" ta="center">
                {words.forgotYourPassword}
              </Anchor>
            </>
          )}
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

/** The identity providers of the address, above the password. Screen readers hear when they appear. */
function Providers({ choice: { choice, email, isPasswordShown, showPassword }, to }: ProvidersProps) {
  return (
    <div aria-live="polite" style={{ display: choice === null ? 'contents' : 'block' }}>
      {choice !== null && (
        <Stack gap="xs">
          <Text fz="sm">
            {choice.required ? words.requiredBy(choice.organization.name) : words.ofOrganization(choice.organization.name)}
          </Text>
          <ProviderButtons providers={choice.data} to={to} email={email} />
          {isPasswordShown ? (
            <Divider label={words.or} />
          ) : (
            <Anchor component="button" type="button" fz="sm" ta="center" onClick={showPassword}>
              {words.usePassword}
            </Anchor>
          )}
        </Stack>
      )}
    </div>
  );
}

interface ProvidersProps {
  readonly choice: ReturnType<typeof useChoice>;
  readonly to: string | undefined;
}
