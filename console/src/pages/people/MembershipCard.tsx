import { Anchor, Box, Button, Group, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked, type Schema } from '../../api/client.ts';
import { useName } from '../../api/names.ts';
import { useTimeZone } from '../../api/organizations.ts';
import { useCan } from '../../api/session.tsx';
import { Asked } from '../../components/Asked.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { accessWords } from '../../components/fields/policy-words.ts';
import { roleWord } from '../../components/fields/RoleSelect.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { BudgetGauges } from '../../components/limits/BudgetGauges.tsx';
import { BudgetHistory } from '../../components/limits/BudgetHistory.tsx';
import { LimitBars } from '../../components/limits/LimitGauges.tsx';
import { BudgetsAsSet, LimitsAsSet } from '../../components/limits/LimitsAsSet.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { accessDraft } from '../../forms/access-draft.ts';
import { links } from '../../links.ts';
import { AddToTeamDialog } from './AddToTeamDialog.tsx';
import { EditMemberDialog } from './EditMemberDialog.tsx';
import { RemoveMemberDialog } from './RemoveMemberDialog.tsx';
import { words } from './words.ts';

interface MembershipCardProps {
  readonly organizationId: string;
  readonly organizationName: string | null;
  readonly memberId: string;
}

const REFRESH_MS = 10_000;

/** One membership: role, teams, and the user scope with its live use. */
export function MembershipCard({ organizationId, organizationName, memberId }: MembershipCardProps) {
  const path = { id: organizationId, member_id: memberId };
  const member = useQuery({
    queryKey: ['members', 'one', memberId],
    queryFn: () => asked(api.GET('/organizations/{id}/members/{member_id}', { params: { path } })),
    refetchInterval: REFRESH_MS,
  });
  return (
    <Box>
      <Asked query={member}>{(read) => <Card of={read} organizationName={organizationName} />}</Asked>
    </Box>
  );
}

function Card({ of: member, organizationName }: { of: Schema<'Member'>; organizationName: string | null }) {
  const timeZone = useTimeZone(member.organization_id);
  const status = member.limits_status;
  return (
    <Stack gap="sm">
      <Group justify="space-between" align="flex-start" gap="sm">
        <Heading of={member} organizationName={organizationName} />
        <Actions of={member} />
      </Group>
      <Teams of={member.teams} />
      <Text fz="sm">{words.ownAccessAndLimits(accessWords(accessDraft(member.asset_access)))}</Text>
      {status == null ? <BudgetsAsSet of={member} /> : <BudgetGauges budgets={status.budgets} isLive={status.live} />}
      {status == null ? <LimitsAsSet of={member} /> : <LimitBars of={status} />}
      {member.capabilities.includes('usage.read') && (
        <BudgetHistory
          of={{ is: 'members', id: member.id, organizationId: member.organization_id }}
          budgets={member.budgets}
          timeZone={timeZone}
          heading={4}
        />
      )}
    </Stack>
  );
}

/** The organization, the role in it, and a link to the keys that the member owns. */
function Heading({ of: member, organizationName }: { of: Schema<'Member'>; organizationName: string | null }) {
  const foundName = useName(member.organization_id);
  return (
    <div>
      <Title order={3}>
        <Anchor component={PageLink} at={links.organization(member.organization_id)} inherit underline="always">
          <bdi>{organizationName ?? foundName ?? member.organization_id}</bdi>
        </Anchor>
      </Title>
      <Text fz="sm" c="dimmed">
        {roleWord(member.role)}
        {member.status === 'disabled' && words.dotDisabled} ·{' '}
        <Anchor
          component={PageLink}
          at={links.keys({ organization_id: member.organization_id, account_id: member.account_id })}
          inherit
          underline="always"
        >
          {words.countKeys(member.key_count)}
        </Anchor>
      </Text>
    </div>
  );
}

/** The actions on a membership. `edit` in the address, with its `member_id`, opens the dialog, at a field if it names one. */
function Actions({ of: member }: { of: Schema<'Member'> }) {
  const [open, setOpen] = useState<'team' | 'remove' | null>(null);
  const [state, setState] = useUrlState();
  const isEditing = state.edit !== undefined && state.member_id === member.id;
  const mayManage = useCan('members.manage', member.organization_id);
  const mayAddToTeam = useCan('team_members.manage', member.organization_id);
  return (
    <Group gap="xs">
      <GuardedButton
        size="xs"
        variant="default"
        verdict={mayManage}
        onClick={() => setState({ edit: 'member', member_id: member.id }, 'push')}
      >
        {words.roleLimitsAndAccess}
      </GuardedButton>
      <GuardedButton size="xs" variant="default" verdict={mayAddToTeam} onClick={() => setOpen('team')}>
        {words.addToATeam}
      </GuardedButton>
      {mayManage.allowed && (
        <Button size="xs" variant="default" color="red" onClick={() => setOpen('remove')}>
          {words.remove}
        </Button>
      )}
      {isEditing && mayManage.allowed && (
        <EditMemberDialog of={member} opened at={state.edit} onClose={() => setState({ edit: undefined })} />
      )}
      {open === 'team' && <AddToTeamDialog of={member} onClose={() => setOpen(null)} />}
      {open === 'remove' && <RemoveMemberDialog of={member} onClose={() => setOpen(null)} />}
    </Group>
  );
}

function Teams({ of: teams }: { of: Schema<'Member'>['teams'] }) {
  if (teams.length === 0)
    return (
      <Text fz="sm" c="dimmed">
        {words.notInAnyTeam}
      </Text>
    );
  return (
    <Text fz="sm">
      {words.teamsBefore}{' '}
      {teams.map(({ team_id, name, role }, index) => (
        <span key={team_id}>
          {index > 0 && ', '}
          <Anchor component={PageLink} at={links.team(team_id)} inherit underline="always">
            <bdi>{name}</bdi>
          </Anchor>{' '}
          ({roleWord(role).toLowerCase()})
        </span>
      ))}
    </Text>
  );
}
