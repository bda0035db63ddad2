import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconBuilding, IconLock } from '@tabler/icons-react';
import { useLocation } from '@tanstack/react-router';
import { type Session, useSession } from '../../api/session.tsx';
import { useSignOut } from '../../api/sign-out.ts';
import { startAddress } from '../../api/sso.ts';
import { links } from '../../links.ts';
import { PageLink, useOpenPage } from '../PageLink.tsx';
import { InsteadPage } from './InsteadPage.tsx';
import { words } from './words.ts';

/** An organization that this session does not open, because it has not shown what the organization asks for. */
type ClosedPlace = Session['places'][number];

/** More are behind the list of organizations. */
const SHOWN_MAX = 3;

/** Says above every page which organizations ask for another sign-in, and offers it. */
export function ClosedPlaces() {
  const { places } = useSession();
  const { pathname } = useLocation();
  // The page of such an organization says it itself.
  const others = places.filter(({ organization_id }) => !pathname.startsWith(`/organizations/${organization_id}`));
  if (others.length === 0) return null;
  return (
    <Stack gap="xs" mb="md">
      {others.slice(0, SHOWN_MAX).map((place) => (
        <Alert key={place.organization_id} color="yellow" icon={<IconLock size={18} />} p="xs">
          <Group justify="space-between" gap="xs">
            <Text fz="sm">
              <Why place={place} />
            </Text>
            <Ways place={place} isSmall />
          </Group>
        </Alert>
      ))}
    </Stack>
  );
}

/** Returns the organization if this session does not open it. */
export function useClosedPlace(organizationId: string): ClosedPlace | null {
  return useSession().places.find(({ organization_id }) => organization_id === organizationId) ?? null;
}

/** The page of an organization that asks for another sign-in. */
export function ClosedPlacePage({ place }: { place: ClosedPlace }) {
  const name = useNameOf(place);
  return (
    <InsteadPage
      title={words.opensAfter(name)}
      windowTitle={name}
      icon={<IconLock size={32} aria-hidden />}
      actions={<Ways place={place} />}
    >
      <Why place={place} />
    </InsteadPage>
  );
}

function Why({ place }: { place: ClosedPlace }) {
  const membership = useMembershipAt(place);
  // Who the break-glass owners are is not told to a session that opens nothing here.
  const mayBreakGlass = place.needs === 'sso' && membership?.role === 'org_owner';
  return (
    <>
      <bdi>{words.why[place.needs](useNameOf(place))}</bdi>
      {mayBreakGlass && ` ${words.breakGlass}`}
    </>
  );
}

/** The ways to open the organization: its providers, and one's own way where that is enough. Each comes back to the open page. */
function Ways({ place: { needs, providers }, isSmall = false }: { place: ClosedPlace; isSmall?: boolean }) {
  const { pathname, searchStr } = useLocation();
  const openPage = useOpenPage();
  const signOut = useSignOut();
  const { passkeys, two_factor } = useSession();
  const to = pathname + searchStr;
  const size = isSmall ? { size: 'compact-sm' } : {};
  const again = async () => {
    await signOut();
    await openPage(links.signIn({ to }), 'replace');
  };
  const hasFactor = passkeys > 0 || two_factor.enabled;
  return (
    <Group gap="xs" justify="center">
      {providers.map(({ id, name }) => (
        <Button key={id} component="a" href={startAddress(id, { to })} leftSection={<IconBuilding size={16} />} {...size}>
          <bdi>{words.signInThrough(name)}</bdi>
        </Button>
      ))}
      {needs === 'second_factor' && !hasFactor && (
        <Button component={PageLink} at={links.profile()} variant="default" {...size}>
          {words.setUpFactor}
        </Button>
      )}
      {(needs === 'sign_in' || (needs === 'second_factor' && hasFactor)) && (
        <Button variant="default" onClick={() => void again()} {...size}>
          {words.signInAgain}
        </Button>
      )}
    </Group>
  );
}

function useMembershipAt({ organization_id }: ClosedPlace) {
  return useSession().memberships.find((one) => one.organization_id === organization_id);
}

function useNameOf(place: ClosedPlace): string {
  return useMembershipAt(place)?.organization_name ?? place.organization_id;
}
