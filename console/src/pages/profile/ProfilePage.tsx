import { Alert, Stack } from '@mantine/core';
import { useSession } from '../../api/session.tsx';
import { Page } from '../../components/shell/Page.tsx';
import { LoginsSection } from '../logins/LoginsSection.tsx';
import { LinksSection } from './LinksSection.tsx';
import { NameSection } from './NameSection.tsx';
import { PasskeysSection } from './PasskeysSection.tsx';
import { PasswordSection } from './PasswordSection.tsx';
import { PlacesSection } from './PlacesSection.tsx';
import { SecondFactorSection } from './SecondFactorSection.tsx';
import { SessionsSection } from './SessionsSection.tsx';
import { words } from './words.ts';

/** The profile of the signed-in person: name, roles, sign-in methods and sessions. */
export function ProfilePage() {
  const { account, own_sign_in: isOwn } = useSession();
  return (
    <Page title={words.profileAndSecurity} about={<bdi>{account.email}</bdi>}>
      <Stack gap="xl" maw={760}>
        {!account.address_proved && <NotProved />}
        {!isOwn && (
          <Alert color="gray" title={words.throughProvider}>
            {words.throughProviderMeans}
          </Alert>
        )}
        <NameSection />
        <PasswordSection />
        <SecondFactorSection />
        <PasskeysSection />
        <LinksSection />
        <SessionsSection />
        <LoginsSection />
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
