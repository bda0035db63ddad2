import {
  ActionIcon,
  AppShell,
  Avatar,
  Badge,
  Box,
  Burger,
  Group,
  Menu,
  NavLink,
  ScrollArea,
  Text,
  Tooltip,
  UnstyledButton,
  useMantineColorScheme,
  VisuallyHidden,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconLogout, IconMoonStars, IconSearch, IconSun, IconUserCircle } from '@tabler/icons-react';
import { Link, Outlet, useLocation } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { type Session, SessionProvider, useSession, useSessionQuery } from '../../api/session.tsx';
import { useSignOut } from '../../api/sign-out.ts';
import { links } from '../../links.ts';
import { Asked } from '../Asked.tsx';
import { PageLink, useOpenPage } from '../PageLink.tsx';
import { AlertBell } from './AlertBell.tsx';
import { type Attention, useAttention } from './attention.ts';
import { ClosedPlaces } from './ClosedPlaces.tsx';
import { CommandPalette, openCommandPalette } from './CommandPalette.tsx';
import { DisabledEverywhere } from './DisabledEverywhere.tsx';
import { Logo } from './Logo.tsx';
import { navigationFor } from './navigation.ts';
import { OrganizationSwitcher, ScopeMark } from './OrganizationSwitcher.tsx';
import { RemovedByLink } from './RemovedByLink.tsx';
import { Shortcuts } from './ShortcutsDialog.tsx';
import { MAIN, SkipLink } from './SkipLink.tsx';
import { words } from './words.ts';

/**
 * The frame for signed-in people: navigation, search, theme and account. Sends everyone else to the sign-in page, which returns
 * them here.
 */
export function Shell() {
  const session = useSessionQuery();
  return <Asked query={session}>{(signedIn) => (signedIn === null ? <ToSignIn /> : <Frame session={signedIn} />)}</Asked>;
}

function ToSignIn() {
  const { pathname, searchStr } = useLocation();
  const openPage = useOpenPage();
  const [wanted] = useState(pathname + searchStr);
  useEffect(() => {
    void openPage(links.signIn(wanted === '/' ? {} : { to: wanted }), 'replace');
  }, [openPage, wanted]);
  return null;
}

function Frame({ session }: { session: Session }) {
  const [opened, { toggle, close }] = useDisclosure(false);
  return (
    <SessionProvider session={session}>
      <SkipLink />
      <AppShell header={{ height: 48 }} navbar={{ width: 216, breakpoint: 'sm', collapsed: { mobile: !opened } }} padding="md">
        <AppShell.Header>
          <Group h="100%" px="md" justify="space-between" wrap="nowrap">
            <Group gap="xs" wrap="nowrap">
              <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={words.navigation} />
              <Logo />
            </Group>
            <Group gap="xs" wrap="nowrap">
              <SearchButton />
              <AlertBell />
              <SchemeToggle />
              <PersonMenu />
            </Group>
          </Group>
        </AppShell.Header>
        <AppShell.Navbar p="xs">
          <AppShell.Section pb={4}>
            <OrganizationSwitcher />
          </AppShell.Section>
          <AppShell.Section grow component={ScrollArea}>
            <Navigation onGo={close} />
          </AppShell.Section>
        </AppShell.Navbar>
        <AppShell.Main id={MAIN} tabIndex={-1} style={{ outline: 'none' }}>
          {/* The navigation shows it too, but not on a phone until it is opened. */}
          <Box hiddenFrom="sm" mb="xs">
            <ScopeMark />
          </Box>
          <ClosedPlaces />
          <DisabledEverywhere />
          <RemovedByLink />
          <Outlet />
        </AppShell.Main>
      </AppShell>
      <CommandPalette />
      <Shortcuts />
    </SessionProvider>
  );
}

function Navigation({ onGo }: { onGo: () => void }) {
  const session = useSession();
  const pathname = useLocation({ select: (location) => location.pathname });
  const attention = useAttention();
  return (
    <nav aria-label={words.main}>
      {navigationFor(session).map(({ heading, entries }) => (
        <div key={heading}>
          {heading !== '' && (
            <Text fz="xs" fw={600} c="dimmed" tt="uppercase" px="xs" pt="sm" pb={4}>
              {heading}
            </Text>
          )}
          {entries.map(({ label, to, icon: Icon }) => {
            const here = to === '/' ? pathname === '/' : pathname === to || pathname.startsWith(`${to}/`);
            return (
              <NavLink
                key={to}
                component={Link}
                to={to}
                label={label}
                leftSection={<Icon size={17} stroke={1.7} />}
                rightSection={<Needing of={attention.get(to)} id={`needing-${to}`} />}
                aria-describedby={attention.has(to) ? `needing-${to}` : undefined}
                active={here}
                aria-current={here ? 'page' : undefined}
                onClick={onGo}
                py={5}
                style={{ borderRadius: 'var(--mantine-radius-sm)' }}
              />
            );
          })}
        </div>
      ))}
    </nav>
  );
}

/** The number of things behind an entry that need attention. Screen readers hear it after the name of the entry. */
function Needing({ of, id }: { of: Attention | undefined; id: string }) {
  if (of === undefined) return null;
  return (
    <>
      <Badge color="red" size="sm" title={of.words} aria-hidden>
        {of.count}
      </Badge>
      <span id={id} hidden>
        {of.words}
      </span>
    </>
  );
}

/** As this machine's keyboard names them. */
const SEARCH_KEYS = /Mac|iPhone|iPad/.test(navigator.platform) ? words.searchKeyOnMac : words.searchKey;

function SearchButton() {
  return (
    <UnstyledButton
      onClick={openCommandPalette}
      aria-label={`${words.searchOrJump} ${SEARCH_KEYS}`}
      px="xs"
      py={4}
      style={{ border: '1px solid var(--mantine-color-default-border)', borderRadius: 'var(--mantine-radius-sm)' }}
    >
      <Group gap={8} wrap="nowrap">
        <IconSearch size={15} />
        <Text fz="sm" c="dimmed" visibleFrom="xs">
          {words.searchOrJump}
        </Text>
        <Text fz="xs" c="dimmed" visibleFrom="xs" className="mono">
          {SEARCH_KEYS}
        </Text>
      </Group>
    </UnstyledButton>
  );
}

export function SchemeToggle() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const dark = colorScheme === 'dark' || (colorScheme === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
  const label = dark ? words.useLightTheme : words.useDarkTheme;
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" aria-label={label} onClick={() => setColorScheme(dark ? 'light' : 'dark')}>
        {dark ? <IconSun size={18} /> : <IconMoonStars size={18} />}
      </ActionIcon>
    </Tooltip>
  );
}

function PersonMenu() {
  const { account } = useSession();
  const signOut = useSignOut();
  const initials = initialsOf(account.name);
  return (
    <Menu position="bottom-end" width={230}>
      <Menu.Target>
        <UnstyledButton>
          <Avatar size={28} color="teal" aria-hidden>
            {initials}
          </Avatar>
          <VisuallyHidden>{words.signedInAs(account.name)}</VisuallyHidden>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {account.name}
          <br />
          {account.email}
        </Menu.Label>
        <Menu.Item component={PageLink} at={links.profile()} leftSection={<IconUserCircle size={16} />}>
          {words.profileAndSecurity}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void signOut()}>
          {words.signOut}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** Returns the first letters of the first and the last word. */
function initialsOf(name: string): string {
  const parts = name.split(/\s+/).filter((part) => part !== '');
  const ends = parts.length > 1 ? [parts[0], parts.at(-1)] : parts;
  return ends.map((part) => [...(part ?? '')][0]?.toUpperCase() ?? '').join('');
}
