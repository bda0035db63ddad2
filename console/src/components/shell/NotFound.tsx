import { Button, Center } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Link, useLocation, useRouter } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Session } from '../../api/session.tsx';
import { PATHS } from '../../paths.ts';
import { objectAt } from './addresses.ts';
import { InsteadPage } from './InsteadPage.tsx';
import { words } from './words.ts';

/** The page for an address that the console does not have. */
export function NotFound() {
  const { pathname } = useLocation();
  return (
    <Center mih="60vh" p="md">
      <Missing title={words.pageNotFound}>
        {words.noPageAt} <Sought text={pathname} />
        {words.checkTheAddress}
      </Missing>
    </Center>
  );
}

/** The list of each kind of object. */
const LISTS = {
  organization: PATHS.organizations,
  team: PATHS.teams,
  key: PATHS.keys,
  account: PATHS.people,
  deployment: PATHS.models,
  route_group: PATHS.routeGroups,
  access_group: PATHS.accessGroups,
  request: PATHS.requests,
};

/** The page for an object that does not exist. Null where the address names no object. */
export function useMissingObject(): ReactNode {
  const { pathname } = useLocation();
  // The page of an object may be shown where there is no session yet.
  const session = useQueryClient().getQueryData<Session | null>(['session']);
  const object = objectAt(pathname);
  if (object === null || !(object.kind in LISTS)) return null;
  const kind = object.kind as keyof typeof LISTS;
  const one = words.oneOf[kind];
  return (
    <Missing title={words.noSuch(one)} list={{ list: LISTS[kind], label: words.showAll[kind] }}>
      {words.thereIsNo(one)} <Sought text={object.id} />
      {words.deletedOrElsewhere}
      {session?.own_sign_in === false && words.orOfAnotherOrganization}
    </Missing>
  );
}

interface MissingProps {
  readonly title: string;
  readonly list?: { readonly list: string; readonly label: string };
  readonly children: ReactNode;
}

function Missing({ title, list = { list: PATHS.overview, label: words.goToTheOverview }, children }: MissingProps) {
  const { history } = useRouter();
  return (
    <InsteadPage
      title={title}
      actions={
        <>
          {history.canGoBack() && (
            <Button variant="default" onClick={() => history.back()}>
              {words.goBack}
            </Button>
          )}
          <Button component={Link} to={list.list}>
            {list.label}
          </Button>
        </>
      }
    >
      {children}
    </InsteadPage>
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
