import { Alert, Stack } from '@mantine/core';
import { useSession } from '../../api/session.tsx';
import { Page } from '../../components/shell/Page.tsx';
import { NameSection } from './NameSection.tsx';
import { PasskeysSection } from './PasskeysSection.tsx';
import { PasswordSection } from './PasswordSection.tsx';
import { PlacesSection } from './PlacesSection.tsx';
import { SecondFactorSection } from './SecondFactorSection.tsx';
import { SessionsSection } from './SessionsSection.tsx';

/** The profile of the signed-in person: name, roles, sign-in methods and sessions. */
export function ProfilePage() {
  const { account } = useSession();
  return (
    <Page title="Profile and security" about={<bdi>{account.email}</bdi>}>
      <Stack gap="xl" maw={760}>
        {!account.address_proved && <NotProved />}
        <NameSection />
        <PasswordSection />
        <SecondFactorSection />
        <PasskeysSection />
        <SessionsSection />
        <PlacesSection />
      </Stack>
    </Page>
  );
}

function NotProved() {
  const { mail_configured: hasMail } = useSession();
  return (
    <Alert color="yellow" title="Your address is not proved yet">
      Only the organization that invited you accepts this account.{' '}
      {hasMail
        ? 'To prove that the address is yours, sign out and choose a new password by e-mail (“Forgot your password?”). This removes passkeys and an authenticator that you set up before.'
        : 'Ask a platform admin to vouch for it.'}
    </Alert>
  );
}
