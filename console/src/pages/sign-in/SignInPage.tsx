import { Alert } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useSessionQuery } from '../../api/session.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { PasswordStep } from './PasswordStep.tsx';
import { SecondFactorStep } from './SecondFactorStep.tsx';
import { SignInFrame } from './SignInFrame.tsx';
import { useEntering } from './useEntering.ts';
import { words } from './words.ts';

/** Signs in with e-mail and password or a passkey, then a second factor if the account has one. Then opens the wanted page. */
export function SignInPage() {
  const [{ to, email, notice }] = useUrlState();
  const [isSecondStep, setSecondStep] = useState(false);
  const session = useSessionQuery();
  const enter = useEntering();
  const isSignedIn = session.data != null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: only whoever is signed in already is sent on.
  useEffect(() => {
    if (isSignedIn) void enter(to);
  }, [isSignedIn]);
  if (isSecondStep) {
    return (
      <SignInFrame title={words.secondFactor} about={words.oneMoreStep}>
        <SecondFactorStep onDone={() => enter(to)} onBack={() => setSecondStep(false)} />
      </SignInFrame>
    );
  }
  return (
    <SignInFrame title={words.signIn}>
      {notice === 'password-changed' && (
        <Alert color="green" p="xs">
          {words.passwordWasChanged}
        </Alert>
      )}
      <PasswordStep email={email ?? ''} onDone={() => enter(to)} onSecondFactor={() => setSecondStep(true)} />
    </SignInFrame>
  );
}
