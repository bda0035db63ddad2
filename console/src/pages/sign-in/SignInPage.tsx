import { Alert, Anchor } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useSessionQuery } from '../../api/session.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { PageLink } from '../../components/PageLink.tsx';
import { links } from '../../links.ts';
import { PATHS } from '../../paths.ts';
import { PasswordStep } from './PasswordStep.tsx';
import { SecondFactorStep } from './SecondFactorStep.tsx';
import { SignedOut } from './SignedOut.tsx';
import { SignInFrame } from './SignInFrame.tsx';
import { SsoProblem } from './SsoProblem.tsx';
import { useEntering } from './useEntering.ts';
import { words } from './words.ts';

/**
 * Signs in with e-mail and password, a passkey or an identity provider, then a second factor if the account has one. Then opens
 * the wanted page. Says why a way through an identity provider failed.
 */
export function SignInPage() {
  const [state] = useUrlState();
  const { email, notice, sso } = state;
  const [isSecondStep, setSecondStep] = useState(false);
  const session = useSessionQuery();
  const enter = useEntering();
  const isSignedIn = session.data != null;
  const to = wantedPage(state);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only whoever is signed in already is sent on.
  useEffect(() => {
    // Somebody who is signed in still learns why the provider did not bring them in.
    if (isSignedIn && sso === undefined) void enter(to);
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
      <SignedOut />
      {sso !== undefined && <SsoProblem code={sso} reason={state.reason} />}
      {isSignedIn && sso !== undefined && (
        <Anchor component={PageLink} at={links.overview()} fz="sm">
          {words.continueToConsole}
        </Anchor>
      )}
      <PasswordStep
        email={email ?? ''}
        to={to}
        organization={state.organization}
        onDone={() => enter(to)}
        onSecondFactor={() => setSecondStep(true)}
      />
    </SignInFrame>
  );
}

/** Returns the page to open afterwards. Who must sign in in their own way first, links the account next. */
function wantedPage({ to, return_to, sso, provider }: ReturnType<typeof useUrlState>[0]): string | undefined {
  if (sso === 'signed_in_first' && provider !== undefined) return `${PATHS.profile}?link=${encodeURIComponent(provider)}`;
  return to ?? return_to;
}
