import { Alert, Stack } from '@mantine/core';
import { useSession } from '../../api/session.tsx';
import { Page } from '../../components/shell/Page.tsx';
import { NameSection } from './NameSection.tsx';
import { PasskeysSection } from './PasskeysSection.tsx';
import { PasswordSection } from './PasswordSection.tsx';
import { PlacesSection } from './PlacesSection.tsx';
import { SecondFactorSection } from './SecondFactorSection.tsx';
import { SessionsSection } from './SessionsSection.tsx';
import { words } from './words.ts';

/** The profile of the signed-in person: name, roles, sign-in methods and sessions. */
export function ProfilePage() {
  const { account } = useSession();
  return (
    <Page title={words.profileAndSecurity} about={<bdi>{account.email}</bdi>}>
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
    <Alert color="yellow" title={words.yourAddressIsNotProvedYet}>
      {words.addressNotProvedMeans(hasMail)}
    </Alert>
  );
}
