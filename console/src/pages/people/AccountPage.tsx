import { Group, Stack, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { api, asked, type Schema } from '../../api/client.ts';
import { organizationsWith, type Session, useCan, useSession } from '../../api/session.tsx';
import { Asked } from '../../components/Asked.tsx';
import { CopyText } from '../../components/CopyText.tsx';
import { Facts } from '../../components/Facts.tsx';
import { roleWord } from '../../components/fields/RoleSelect.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { StatusBadge } from '../../components/StatusBadge.tsx';
import { Breakable } from '../../components/shell/Breakable.tsx';
import { Page } from '../../components/shell/Page.tsx';
import { Time } from '../../components/Time.tsx';
import { PATHS } from '../../paths.ts';
import { AccountActions } from './AccountActions.tsx';
import { AccountSignIn } from './AccountSignIn.tsx';
import { Address, Factors } from './AccountsList.tsx';
import { AddToOrganization } from './AddToOrganizationDialog.tsx';
import { MembershipCard } from './MembershipCard.tsx';
import { madeWords } from './sign-in-words.ts';
import { words } from './words.ts';

/** A person: their sign-in, and for each organization their role, teams, keys and user scope. */
export function AccountPage() {
  const { accountId } = useParams({ strict: false }) as { accountId: string };
  const seesAccounts = useCan('platform.read').allowed;
  return seesAccounts ? <OfPlatform id={accountId} /> : <OfOrganization />;
}

function OfPlatform({ id }: { id: string }) {
  const account = useQuery({
    queryKey: ['accounts', 'one', id],
    queryFn: () => asked(api.GET('/accounts/{id}', { params: { path: { id } } })),
  });
  return (
    <Asked shape="page" query={account}>
      {(read) => <Account of={read} />}
    </Asked>
  );
}

function Account({ of: account }: { of: Schema<'Account'> }) {
  const add = <AddToOrganization of={account} verdict={useCan('accounts.manage')} />;
  return (
    <Page
      title={account.name}
      beside={<StatusBadge status={account.status} />}
      crumbs={[{ label: words.peopleAccess, to: PATHS.people }]}
      about={
        <>
          <bdi>{account.email}</bdi> · <CopyText text={account.id} label={words.theAccountsId} />
        </>
      }
      actions={<AccountActions of={account} />}
    >
      <Facts
        facts={[
          [words.platformRoleLabel, account.platform_role === null ? words.none : roleWord(account.platform_role)],
          [words.address, <Address key="address" of={account} />],
          [words.createdBy, <Breakable key="made" text={madeWords(account.made)} />],
          [words.secondFactor, <Factors key="factors" of={account} />],
          [words.lastSignIn, <Time key="seen" at={account.last_sign_in_at} relative />],
          [words.accountSince, <Time key="since" at={account.created_at} />],
        ]}
      />
      <AccountSignIn of={account} />
      <Group justify="space-between">
        <Title order={2}>{words.memberships}</Title>
        {account.memberships.length > 0 && add}
      </Group>
      {account.memberships.length === 0 ? (
        <EmptyState title={words.inNoOrganization} action={add}>
          {words.addPersonToOrganization}
        </EmptyState>
      ) : (
        <Stack gap="sm">
          {account.memberships.map(({ organization_id, organization_name, member_id }) => (
            <MembershipCard
              key={member_id}
              organizationId={organization_id}
              organizationName={organization_name}
              memberId={member_id}
            />
          ))}
        </Stack>
      )}
    </Page>
  );
}

/** The page as an organization sees one of its people. It shows the membership only, because accounts belong to the platform. */
function OfOrganization() {
  const [{ organization_id: organizationId = '', member_id: memberId = '' }] = useUrlState();
  const session = useSession();
  const mayManage = useCan('members.manage', organizationId);
  // To another organization they add only people whom they see here, so it takes two that they manage.
  const managesSeveral = organizationsWith(session, 'members.manage').length > 1;
  const member = useQuery({
    queryKey: ['members', 'one', memberId],
    queryFn: () =>
      asked(
        api.GET('/organizations/{id}/members/{member_id}', { params: { path: { id: organizationId, member_id: memberId } } }),
      ),
    enabled: memberId !== '',
  });
  if (memberId === '') {
    return (
      <Page title={words.person} crumbs={[{ label: words.peopleAccess, to: PATHS.people }]}>
        <EmptyState title={words.openPersonFromOrganization}>{words.accountsBelongToPlatform}</EmptyState>
      </Page>
    );
  }
  return (
    <Asked query={member}>
      {(read) => (
        <Page
          title={read.name}
          beside={<StatusBadge status={read.status} />}
          crumbs={[{ label: words.peopleAccess, to: PATHS.people }]}
          about={<bdi>{read.email}</bdi>}
          actions={managesSeveral && <AddToOrganization of={assignable(read, session)} verdict={mayManage} />}
        >
          <MembershipCard organizationId={organizationId} organizationName={null} memberId={memberId} />
        </Page>
      )}
    </Asked>
  );
}

function assignable({ account_id, name, organization_id, role }: Schema<'Member'>, { memberships }: Session) {
  const own = memberships.find((one) => one.organization_id === organization_id);
  return { id: account_id, name, memberships: [{ organization_id, organization_name: own?.organization_name ?? '', role }] };
}
