import { SignInSettings } from '../../single-sign-on/SignInSettings.tsx';
import type { TabProps } from './tab.ts';

/** The ways in which people sign in to this organization: domains, identity providers and the policy. */
export function SignInTab({ organization }: TabProps) {
  return <SignInSettings organization={organization} />;
}
