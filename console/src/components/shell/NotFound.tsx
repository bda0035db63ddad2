import { Button, Center, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { Link, useLocation, useRouter } from '@tanstack/react-router';
import { type ReactNode, useEffect } from 'react';
import { PATHS } from '../../paths.ts';
import { objectAt } from './addresses.ts';

/** The page for an address that the console does not have. */
export function NotFound() {
  const { pathname } = useLocation();
  return (
    <Center mih="60vh" p="md">
      <Missing title="Page not found">
        There is no page at <Sought text={pathname} />. Check the address.
      </Missing>
    </Center>
  );
}

const LISTS: Readonly<Record<string, { readonly one: string; readonly list: string; readonly label: string } | undefined>> = {
  organization: { one: 'organization', list: PATHS.organizations, label: 'All organizations' },
  team: { one: 'team', list: PATHS.teams, label: 'All teams' },
  key: { one: 'key', list: PATHS.keys, label: 'All keys' },
  account: { one: 'account', list: PATHS.people, label: 'All people' },
  deployment: { one: 'deployment', list: PATHS.models, label: 'All models' },
  route_group: { one: 'route group', list: PATHS.routeGroups, label: 'All route groups' },
  access_group: { one: 'access group', list: PATHS.accessGroups, label: 'All access groups' },
  request: { one: 'request', list: PATHS.requests, label: 'All requests' },
};

/** The page for an object that does not exist. Null where the address names no object. */
export function useMissingObject(): ReactNode {
  const { pathname } = useLocation();
  const object = objectAt(pathname);
  const place = LISTS[object?.kind ?? ''];
  if (object === null || place === undefined) return null;
  return (
    <Missing title={`No such ${place.one}`} list={place}>
      There is no {place.one} <Sought text={object.id} />. It may have been deleted, or it belongs to an organization that you are
      not in. Check the address.
    </Missing>
  );
}

interface MissingProps {
  readonly title: string;
  readonly list?: { readonly list: string; readonly label: string };
  readonly children: ReactNode;
}

function Missing({ title, list = { list: PATHS.overview, label: 'Go to the overview' }, children }: MissingProps) {
  const { history } = useRouter();
  useEffect(() => {
    document.title = `${title} · Headgate`;
  }, [title]);
  return (
    <Paper p="xl" bg="transparent" mx="auto">
      <Stack align="center" gap="sm" ta="center" maw={560} mx="auto">
        <Title order={1}>{title}</Title>
        <Text c="dimmed" component="div">
          {children}
        </Text>
        <Group gap="xs" justify="center">
          {history.canGoBack() && (
            <Button variant="default" onClick={() => history.back()}>
              Go back
            </Button>
          )}
          <Button component={Link} to={list.list}>
            {list.label}
          </Button>
        </Group>
      </Stack>
    </Paper>
  );
}

/** The address or id that was looked for. A long one breaks anywhere. */
function Sought({ text }: { text: string }) {
  return (
    <bdi className="mono" style={{ overflowWrap: 'anywhere' }}>
      {text.slice(0, 200)}
    </bdi>
  );
}
