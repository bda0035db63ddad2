import { Button, Stack, TextInput } from '@mantine/core';
import type { InvitationTokens } from './invitation-tokens.ts';
import { NewAccountFields } from './NewAccountFields.tsx';
import { SignInProblem } from './SignInProblem.tsx';
import { useAccepting } from './useAccepting.ts';
import { words } from './words.ts';

/** Creates the account of an invited person. Its address is the invitation's and cannot be changed. */
export function NewAccountForm({ email, tokens }: { email: string; tokens: InvitationTokens }) {
  const { form, accept, isPending, problem } = useAccepting(tokens, { name: '', password: '' });
  return (
    <form onSubmit={form.onSubmit(accept)}>
      <Stack gap="sm">
        <SignInProblem error={problem} />
        <TextInput label={words.eMail} value={email} readOnly autoComplete="username" variant="filled" />
        <NewAccountFields form={form} />
        <Button type="submit" fullWidth loading={isPending}>
          {words.createTheAccountAndJoin}
        </Button>
      </Stack>
    </form>
  );
}
