import { type UseFormReturnType, useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { fieldErrorsOf, isAllAtFields } from '../../api/field-errors.ts';
import { PATHS } from '../../paths.ts';
import { type InvitationTokens, tokensBody } from './invitation-tokens.ts';
import { useEntering } from './useEntering.ts';

interface Accepting<Values> {
  readonly form: UseFormReturnType<Values>;
  readonly accept: (values: Values) => void;
  readonly isPending: boolean;
  /** The error, unless the fields of the form show it. */
  readonly problem: unknown;
}

/** Holds a form that accepts an invitation with its values, and then opens the console. */
export function useAccepting<Values extends { password: string; name?: string }>(
  tokens: InvitationTokens,
  initialValues: Values,
): Accepting<Values> {
  const form = useForm<Values>({ mode: 'uncontrolled', initialValues });
  const enter = useEntering();
  const { mutate, isPending, error } = useMutation({
    mutationFn: (values: Values) => asked(api.POST('/invitations/accept', { body: { ...values, ...tokensBody(tokens) } })),
    onSuccess: () => enter(PATHS.overview),
    onError: (wrong) => form.setErrors(fieldErrorsOf(wrong)),
  });
  const isAtField = isAllAtFields(error, (path) => path in initialValues);
  return { form, accept: mutate, isPending, problem: isAtField ? null : error };
}
