import { Button, Stack, Text } from '@mantine/core';
import { NewPasswordField } from '../../components/dialogs/NewPasswordField.tsx';
import type { InvitationTokens } from './invitation-tokens.ts';
import { SignInProblem } from './SignInProblem.tsx';
import { useAccepting } from './useAccepting.ts';

/** The mailed link proves the address of an account that was made by a link somebody handed over: with a new password it is its owner's alone. */
export function ProveForm({ tokens }: { tokens: InvitationTokens }) {
  const { form, accept, isPending, problem } = useAccepting(tokens, { password: '' });
  return (
    <form onSubmit={form.onSubmit(accept)}>
      <Stack gap="sm">
        <SignInProblem error={problem} />
        <Text fz="sm">
          This e-mail proves that the address is yours. Choose a new password: passkeys, an authenticator and sign-ins from before
          stop working, in case somebody else made them.
        </Text>
        <NewPasswordField key={form.key('password')} {...form.getInputProps('password')} />
        <Button type="submit" fullWidth loading={isPending}>
          Set the password and join
        </Button>
      </Stack>
    </form>
  );
}
