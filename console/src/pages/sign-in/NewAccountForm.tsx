import { Button, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { fieldErrorsOf, isAllAtFields } from '../../api/field-errors.ts';
import { PATHS } from '../../paths.ts';
import { type InvitationTokens, tokensBody } from './invitation-tokens.ts';
import { NewAccountFields } from './NewAccountFields.tsx';
import { SignInProblem } from './SignInProblem.tsx';
import { useEntering } from './useEntering.ts';

/** The account of a person who is invited for the first time. Its address is the invitation's and cannot be another. */
export function NewAccountForm({ email, tokens }: { email: string; tokens: InvitationTokens }) {
  const form = useForm({ mode: 'uncontrolled', initialValues: { name: '', password: '' } });
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
        <TextInput label="E-mail" value={email} readOnly autoComplete="username" variant="filled" />
        <NewAccountFields form={form} />
        <Button type="submit" fullWidth loading={accept.isPending}>
          Create the account and join
        </Button>
      </Stack>
    </form>
  );
}
