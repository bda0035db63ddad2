import { Anchor, Stack, Text, Title } from '@mantine/core';
import { Facts } from '../../components/Facts.tsx';
import { accessWords, budgetWords, limitLines } from '../../components/fields/policy-words.ts';
import { BudgetGauges } from '../../components/limits/BudgetGauges.tsx';
import { BudgetHistory } from '../../components/limits/BudgetHistory.tsx';
import { LimitGauges } from '../../components/limits/LimitGauges.tsx';
import { BudgetsAsSet, LimitsAsSet } from '../../components/limits/LimitsAsSet.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { TagList } from '../../components/TagList.tsx';
import { Time } from '../../components/Time.tsx';
import { accessDraft } from '../../forms/access-draft.ts';
import { links } from '../../links.ts';
import { countText } from '../../numbers/numbers.ts';
import { useOrganizationCap } from '../keys/caps.ts';
import type { TeamTabProps } from './tab.ts';
import { selfServiceWords } from './team-draft.ts';

/** The use of a team's limits and budgets, the caps above them, and its self-service. */
export function TeamOverview({ team, live: { status, freshness } }: TeamTabProps) {
  const ineffective = [
    ...(team.asset_access.ineffective?.targets ?? []),
    ...(team.asset_access.ineffective?.access_groups ?? []),
  ];
  return (
    <Stack gap="lg">
      <Facts
        facts={[
          ['Members', countText(team.member_count)],
          ['Keys', countText(team.key_count)],
          ['Time zone', team.time_zone],
          ['Default tags', <TagList key="default" tags={team.default_tags} />],
          ['Required tags', <TagList key="required" tags={team.required_tags} />],
          ['Created', <Time key="created" at={team.created_at} />],
        ]}
      />
      <Stack component="section" gap="xs">
        <Title order={2}>Budgets</Title>
        {status === null ? <BudgetsAsSet of={team} /> : <BudgetGauges budgets={status.budgets} isLive={status.live} />}
        {team.capabilities.includes('usage.read') && (
          <BudgetHistory of={{ is: 'teams', id: team.id }} budgets={team.budgets} timeZone={team.time_zone} heading={3} />
        )}
      </Stack>
      <section>
        <Title order={2} mb="xs">
          Rate limits
        </Title>
        {status === null ? <LimitsAsSet of={team} /> : <LimitGauges limits={status.rate_limits} freshness={freshness} />}
      </section>
      <Above team={team} />
      <section>
        <Title order={2} mb={4}>
          Asset access
        </Title>
        <Text fz="sm">
          {team.asset_access.mode === 'inherit'
            ? `It inherits everything that ${team.organization_name} can call.`
            : `${accessWords(accessDraft(team.asset_access))}, within what ${team.organization_name} can call.`}
        </Text>
        {ineffective.length > 0 && (
          <Text fz="sm" fw={500}>
            Selected, but without effect: <span className="mono">{ineffective.join(', ')}</span>. The organization is not granted
            them.
          </Text>
        )}
      </section>
      <section>
        <Title order={2} mb={4}>
          Self-service
        </Title>
        <Text fz="sm">{selfServiceWords(team.self_service)}</Text>
      </section>
    </Stack>
  );
}

/** The organization's caps, which apply to the team too. */
function Above({ team }: Pick<TeamTabProps, 'team'>) {
  const [cap] = useOrganizationCap(team.organization_id);
  if (cap === undefined) return null;
  const budgets = cap.budgets.map((budget) => budgetWords(budget, budget.target ?? budget.access_group));
  const words = [...budgets, ...limitLines(cap.rate_limits)];
  return (
    <Text fz="sm" c="dimmed">
      Its organization{' '}
      <Anchor component={PageLink} at={links.organization(team.organization_id)} inherit underline="always">
        <bdi>{team.organization_name}</bdi>
      </Anchor>{' '}
      {words.length === 0 ? 'has no limits and no budgets.' : `has ${words.join(', ')}, shared by all of its teams.`}
    </Text>
  );
}
