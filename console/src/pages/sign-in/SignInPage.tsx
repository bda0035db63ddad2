import { Alert } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useSessionQuery } from '../../api/session.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { PasswordStep } from './PasswordStep.tsx';
import { SecondFactorStep } from './SecondFactorStep.tsx';
import { SignInFrame } from './SignInFrame.tsx';
import { useEntering } from './useEntering.ts';

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
      <SignInFrame title="Second factor" about="Your password is correct. One more step.">
        <SecondFactorStep onDone={() => enter(to)} onBack={() => setSecondStep(false)} />
      </SignInFrame>
    );
  }
  return (
    <SignInFrame title="Sign in">
      {notice === 'password-changed' && (
        <Alert color="green" p="xs">
          Your password was changed. Sign in with the new one.
        </Alert>
      )}
      <PasswordStep email={email ?? ''} onDone={() => enter(to)} onSecondFactor={() => setSecondStep(true)} />
    </SignInFrame>
  );
}
