import { Stack } from '@mantine/core';
import { useSession } from '../../api/session.tsx';
import { Page } from '../../components/Page.tsx';
import { NameSection } from './NameSection.tsx';
import { PasskeysSection } from './PasskeysSection.tsx';
import { PasswordSection } from './PasswordSection.tsx';
import { PlacesSection } from './PlacesSection.tsx';
import { SecondFactorSection } from './SecondFactorSection.tsx';
import { SessionsSection } from './SessionsSection.tsx';

/** Who I am here, how I sign in, and where I am signed in. */
export function ProfilePage() {
  const { account } = useSession();
  return (
    <Page title="Profile and security" about={<bdi>{account.email}</bdi>}>
      <Stack gap="md" maw={760}>
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
