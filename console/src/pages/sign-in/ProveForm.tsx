import { Button, Stack, Text } from '@mantine/core';
import { NewPasswordField } from '../../components/dialogs/NewPasswordField.tsx';
import type { InvitationTokens } from './invitation-tokens.ts';
import { SignInProblem } from './SignInProblem.tsx';
import { useAccepting } from './useAccepting.ts';
import { words } from './words.ts';

/**
 * Asks for a new password to prove an address with the mailed link. The account came from a handed-over link, so others may know
 * its password.
 */
export function ProveForm({ tokens }: { tokens: InvitationTokens }) {
  const { form, accept, isPending, problem } = useAccepting(tokens, { password: '' });
  return (
    <form onSubmit={form.onSubmit(accept)}>
      <Stack gap="sm">
        <SignInProblem error={problem} />
        <Text fz="sm">{words.mailProvesAddress}</Text>
        <NewPasswordField key={form.key('password')} {...form.getInputProps('password')} />
        <Button type="submit" fullWidth loading={isPending}>
          {words.setThePasswordAndJoin}
        </Button>
      </Stack>
    </form>
  );
}
