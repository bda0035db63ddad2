import { Button, Stack, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { fieldErrorsOf, isAllAtFields } from '../../api/field-errors.ts';
import { NewPasswordField } from '../../components/NewPasswordField.tsx';
import { PATHS } from '../../paths.ts';
import { type InvitationTokens, tokensBody } from './invitation-tokens.ts';
import { SignInProblem } from './SignInProblem.tsx';
import { useEntering } from './useEntering.ts';

/** The mailed link proves the address of an account that was made by a link somebody handed over: with a new password it is its owner's alone. */
export function ProveForm({ tokens }: { tokens: InvitationTokens }) {
  const form = useForm({ mode: 'uncontrolled', initialValues: { password: '' } });
  const enter = useEntering();
  const accept = useMutation({
    mutationFn: (values: typeof form.values) =>
      asked(api.POST('/invitations/accept', { body: { ...values, ...tokensBody(tokens) } })),
    onSuccess: () => enter(PATHS.overview),
    onError: (error) => form.setErrors(fieldErrorsOf(error)),
  });
  const isAtField = isAllAtFields(accept.error, (path) => path in form.values);
  return (
    <form onSubmit={form.onSubmit((values) => accept.mutate(values))}>
      <Stack gap="sm">
        {!isAtField && <SignInProblem error={accept.error} />}
        <Text fz="sm">
          This e-mail proves that the address is yours. Choose a new password: passkeys, an authenticator and sign-ins from before
          stop working, in case somebody else made them.
        </Text>
        <NewPasswordField key={form.key('password')} {...form.getInputProps('password')} />
        <Button type="submit" fullWidth loading={accept.isPending}>
          Set the password and join
        </Button>
      </Stack>
    </form>
  );
}
