import { Anchor, Group, Stack, Text, Title } from '@mantine/core';
import { verdictOf } from '../../api/session.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { Facts } from '../../components/Facts.tsx';
import { accessNames, budgetWords, labelLimitsWords, limitLines } from '../../components/fields/policy-words.ts';
import { useUrlState } from '../../components/fields/useUrlState.ts';
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
import { words } from './words.ts';

/** The use of a team's limits and budgets, the caps above them, and its self-service. */
export function TeamOverview({ team, live: { status, freshness } }: TeamTabProps) {
  const [, setState] = useUrlState();
  const ineffective = [
    ...(team.asset_access.ineffective?.targets ?? []),
    ...(team.asset_access.ineffective?.access_groups ?? []),
  ];
  return (
    <Stack gap="lg">
      <Facts
        facts={[
          [words.members, countText(team.member_count)],
          [words.keys, countText(team.key_count)],
          [words.timeZone, team.time_zone],
          [words.defaultTags, <TagList key="default" tags={team.default_tags} />],
          [words.requiredTags, <TagList key="required" tags={team.required_tags} />],
          [words.requireEndUser, team.require_end_user ? words.yes : words.no],
          [words.labelLimits, labelLimitsWords(team.label_limits)],
          [words.created, <Time key="created" at={team.created_at} />],
        ]}
      />
      <Stack component="section" gap="xs">
        <Title order={2}>{words.budgets}</Title>
        {status === null ? <BudgetsAsSet of={team} /> : <BudgetGauges budgets={status.budgets} isLive={status.live} />}
        {team.capabilities.includes('usage.read') && (
          <BudgetHistory of={{ is: 'teams', id: team.id }} budgets={team.budgets} timeZone={team.time_zone} heading={3} />
        )}
      </Stack>
      <section>
        <Group justify="space-between" mb="xs">
          <Title order={2}>{words.rateLimits}</Title>
          <GuardedButton
            size="compact-xs"
            variant="default"
            aria-label={words.changeRateLimits}
            verdict={verdictOf('team_limits.change', team)}
            onClick={() => setState({ edit: 'rate_limits.rpm' }, 'push')}
          >
            {words.change}
          </GuardedButton>
        </Group>
        {status === null ? <LimitsAsSet of={team} /> : <LimitGauges limits={status.rate_limits} freshness={freshness} />}
      </section>
      <Above team={team} />
      <section>
        <Title order={2} mb={4}>
          {words.assetAccess}
        </Title>
        <Text fz="sm">
          {team.asset_access.mode === 'inherit'
            ? words.inheritsAll(team.organization_name)
            : words.withinOrganization(accessNames(accessDraft(team.asset_access)), team.organization_name)}
        </Text>
        {ineffective.length > 0 && (
          <Text fz="sm" fw={500}>
            {words.selectedWithoutEffect} <span className="mono">{ineffective.join(', ')}</span>
            {words.notGrantedThem}
          </Text>
        )}
      </section>
      <section>
        <Title order={2} mb={4}>
          {words.selfService}
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
  const caps = [...budgets, ...limitLines(cap.rate_limits)];
  return (
    <Text fz="sm" c="dimmed">
      {words.itsOrganization}{' '}
      <Anchor component={PageLink} at={links.organization(team.organization_id)} inherit underline="always">
        <bdi>{team.organization_name}</bdi>
      </Anchor>{' '}
      {caps.length === 0 ? words.organizationHasNoLimits : words.organizationHas(caps.join(', '))}
    </Text>
  );
}
