import { Anchor, Button, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api, asked } from '../../api/client.ts';
import { fieldErrorsOf } from '../../api/field-errors.ts';
import { NewPasswordField } from '../../components/dialogs/NewPasswordField.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { PageLink, useOpenPage } from '../../components/PageLink.tsx';
import { links } from '../../links.ts';
import { SignInFrame } from './SignInFrame.tsx';
import { SignInProblem } from './SignInProblem.tsx';
import { words } from './words.ts';

/** Sends a link by e-mail. Opened with the link's token, takes the new password. */
export function ResetPasswordPage() {
  const [{ token }] = useUrlState();
  return token === undefined ? <AskForLink /> : <ChoosePassword token={token} />;
}

function AskForLink() {
  const [email, setEmail] = useState('');
  const ask = useMutation({
    mutationFn: () => asked(api.POST('/session/password-reset', { body: { email: email.trim() } })),
  });
  if (ask.isSuccess) {
    return (
      <SignInFrame title={words.checkYourEMail}>
        <Text fz="sm">{words.linkSentIfAccount(email.trim())}</Text>
        <Text fz="sm" c="dimmed">
          {words.noMailServer}
        </Text>
        <BackToSignIn />
      </SignInFrame>
    );
  }
  return (
    <SignInFrame title={words.resetYourPassword} about={words.resetLinkIsSent}>
      <form onSubmit={submitting(() => ask.mutate())}>
        <Stack gap="sm">
          <SignInProblem error={ask.error} />
          <TextInput
            label={words.eMail}
            type="email"
            autoFocus
            required
            withAsterisk={false}
            autoComplete="username"
            maxLength={254}
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <Button type="submit" fullWidth loading={ask.isPending}>
            {words.sendTheLink}
          </Button>
          <BackToSignIn />
        </Stack>
      </form>
    </SignInFrame>
  );
}

function ChoosePassword({ token }: { token: string }) {
  const [password, setPassword] = useState('');
  const openPage = useOpenPage();
  const change = useMutation({
    mutationFn: () => asked(api.POST('/session/password-reset/confirm', { body: { token, password } })),
    onSuccess: () => openPage(links.signIn({ notice: 'password-changed' }), 'replace'),
  });
  const fault = fieldErrorsOf(change.error).password;
  return (
    <SignInFrame title={words.chooseANewPassword} about={words.everyBrowserSignedOut}>
      <form onSubmit={submitting(() => change.mutate())}>
        <Stack gap="sm">
          {fault === undefined && <SignInProblem error={change.error} />}
          <NewPasswordField
            autoFocus
            value={password}
            error={fault}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <Button type="submit" fullWidth loading={change.isPending}>
            {words.changeThePassword}
          </Button>
          <BackToSignIn />
        </Stack>
      </form>
    </SignInFrame>
  );
}

function BackToSignIn() {
  return (
    <Anchor component={PageLink} at={links.signIn()} fz="sm" ta="center">
      {words.backToSignIn}
    </Anchor>
  );
}

function submitting(action: () => void) {
  return (event: FormEvent) => {
    event.preventDefault();
    action();
  };
}
