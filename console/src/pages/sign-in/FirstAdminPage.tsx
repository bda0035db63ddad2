import { Anchor, Button, Code, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { fieldErrorsOf, isAllAtFields } from '../../api/field-errors.ts';
import { Asked } from '../../components/Asked.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { PageLink } from '../../components/PageLink.tsx';
import { links } from '../../links.ts';
import { PATHS } from '../../paths.ts';
import { NewAccountFields } from './NewAccountFields.tsx';
import { SignInFrame } from './SignInFrame.tsx';
import { SignInProblem } from './SignInProblem.tsx';
import { useEntering } from './useEntering.ts';
import { words } from './words.ts';

/** The page behind the link that a new gateway prints. It creates the account of the first platform admin. */
export function FirstAdminPage() {
  const [{ token = '' }] = useUrlState();
  const link = useQuery({
    queryKey: ['first-admin', token],
    queryFn: () => asked(api.GET('/session/first-admin', { params: { query: { token } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Asked shape="page" query={link}>
      {({ valid }) => (valid ? <Form token={token} /> : <Invalid />)}
    </Asked>
  );
}

function Form({ token }: { token: string }) {
  const form = useForm({ mode: 'uncontrolled', initialValues: { name: '', email: '', password: '' } });
  const enter = useEntering();
  const create = useMutation({
    mutationFn: (values: typeof form.values) =>
      asked(api.POST('/session/first-admin', { body: { ...values, email: values.email.trim(), token } })),
    onSuccess: () => enter(PATHS.overview),
    onError: (error) => form.setErrors(fieldErrorsOf(error)),
  });
  const isAtField = isAllAtFields(create.error, (path) => path in form.values);
  return (
    <SignInFrame title={words.welcomeToHeadgate} about={words.firstAdminIs}>
      <form onSubmit={form.onSubmit((values) => create.mutate(values))}>
        <Stack gap="sm">
          {!isAtField && <SignInProblem error={create.error} />}
          <NewAccountFields form={form}>
            <TextInput
              label={words.eMail}
              type="email"
              required
              withAsterisk={false}
              maxLength={254}
              autoComplete="username"
              key={form.key('email')}
              {...form.getInputProps('email')}
            />
          </NewAccountFields>
          <Button type="submit" fullWidth loading={create.isPending}>
            {words.createTheAccount}
          </Button>
        </Stack>
      </form>
    </SignInFrame>
  );
}

function Invalid() {
  return (
    <SignInFrame title={words.thisLinkNoLongerWorks}>
      <Text fz="sm">{words.firstAdminLinkExpired}</Text>
      <Code block>{words.firstAdminCommand}</Code>
      <Anchor component={PageLink} at={links.signIn()} fz="sm">
        {words.signInInstead}
      </Anchor>
    </SignInFrame>
  );
}
