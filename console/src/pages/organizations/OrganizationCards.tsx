import { Anchor, Box, Group, SimpleGrid, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { api, asked } from '../../api/client.ts';
import { FreshnessMark } from '../../components/Freshness.tsx';
import { BudgetRing, type BudgetStatus, budgetRatio } from '../../components/limits/BudgetRing.tsx';
import { burnWords } from '../../components/limits/burn.ts';
import { LimitGauges, type LimitsStatus } from '../../components/limits/LimitGauges.tsx';
import { BudgetsAsSet, LimitsAsSet } from '../../components/limits/LimitsAsSet.tsx';
import { PageLink } from '../../components/PageLink.tsx';
import { Time } from '../../components/Time.tsx';
import { here } from '../../links.ts';
import { Money } from '../../numbers/Money.tsx';
import { countText } from '../../numbers/numbers.ts';
import { ChangeButton } from './ChangeButton.tsx';
import type { TabProps } from './tabs/tab.ts';
import { words } from './words.ts';

const BUDGETS_SHOWN = 2;

/** The present state of an organization: budgets with their pace, limits with their use, and the number of what it contains. */
export function OrganizationCards({ organization, live: { status: live, freshness } }: TabProps) {
  return (
    <SimpleGrid cols={{ base: 1, md: 3 }} spacing="xl">
      <Card title={words.budgets} action={<ChangeButton organization={organization} at="budgets" />}>
        {live === null ? <BudgetsAsSet of={organization} /> : <Budgets live={live} />}
      </Card>
      {live === null ? (
        <Card title={words.rateLimits} action={<ChangeButton organization={organization} at="limits" />}>
          <LimitsAsSet of={organization} />
        </Card>
      ) : (
        <Card title={words.requestsAndTokensNow} action={<ChangeButton organization={organization} at="limits" />}>
          <LimitGauges limits={live.rate_limits} freshness={freshness} />
        </Card>
      )}
      <Card title={words.contents}>
        <Counts organization={organization} />
      </Card>
    </SimpleGrid>
  );
}

function Card({ title, action, children }: { title: string; action?: ReactNode; children: ReactNode }) {
  return (
    <Box component="section" aria-label={title}>
      <Group justify="space-between" mb={6}>
        <Text fz="xs" fw={600} c="dimmed">
          {title}
        </Text>
        {action}
      </Group>
      {children}
    </Box>
  );
}

function Budgets({ live }: { live: LimitsStatus }) {
  if (live.budgets.length === 0) {
    return (
      <Text fz="sm" c="dimmed">
        {words.noBudget}
      </Text>
    );
  }
  const closest = [...live.budgets].sort((a, b) => budgetRatio(b) - budgetRatio(a));
  return (
    <Stack gap="sm">
      {closest.slice(0, BUDGETS_SHOWN).map((budget) => (
        <BudgetLine key={budget.id} budget={budget} />
      ))}
      {closest.length > BUDGETS_SHOWN && (
        <Anchor component={PageLink} at={here({ tab: 'limits' })} fz="xs">
          {words.countMore(closest.length - BUDGETS_SHOWN)}
        </Anchor>
      )}
      {!live.live && <FreshnessMark freshness="stored" />}
    </Stack>
  );
}

/** One budget with its pace and forecast. */
export function BudgetLine({ budget }: { budget: BudgetStatus }) {
  const of = budget.target ?? budget.access_group;
  return (
    <Group gap="sm" wrap="nowrap" align="center">
      <BudgetRing budget={budget} size={64} />
      <div style={{ minWidth: 0 }}>
        <Text fz="sm">
          <b>
            <Money usd={budget.spent} />
          </b>{' '}
          {words.ofAmount} <Money usd={budget.amount} />
          {Number(budget.held) > 0 && (
            <>
              , <Money usd={budget.held} /> {words.held}
            </>
          )}
        </Text>
        <Text fz="xs" c="dimmed">
          {of !== null && <span className="mono">{of} · </span>}
          {budget.action === 'alert' && words.onlyAlerts}
          {budget.resets_at === null ? (
            words.neverResets
          ) : (
            <>
              {words.resets} <Time at={budget.resets_at} relative />
            </>
          )}
        </Text>
        <Text fz="xs" c="dimmed">
          {burnWords(budget, Date.now())}
        </Text>
      </div>
    </Group>
  );
}

function Counts({ organization }: Pick<TabProps, 'organization'>) {
  const effective = useQuery({
    queryKey: ['organization', organization.id, 'effective-access'],
    queryFn: () => asked(api.GET('/organizations/{id}/effective-access', { params: { path: { id: organization.id } } })),
  });
  return (
    <SimpleGrid cols={2} spacing="xs" verticalSpacing="xs">
      <Count tab="members" label={words.members} count={organization.member_count} />
      <Count tab="teams" label={words.teams} count={organization.team_count} />
      <Count tab="keys" label={words.keys} count={organization.key_count} />
      <Count
        tab="access"
        label={words.grantedTargets}
        count={effective.data?.data.length ?? organization.standing?.granted_targets ?? null}
      />
    </SimpleGrid>
  );
}

function Count({ tab, label, count }: { tab: string; label: string; count: number | null }) {
  if (count === null) return null;
  return (
    <div>
      <Anchor
        component={PageLink}
        at={here({ tab })}
        c="inherit"
        fz="lg"
        fw={600}
        lh={1.2}
        aria-label={`${label}: ${countText(count)}`}
      >
        {countText(count)}
      </Anchor>
      <Text fz="xs" c="dimmed">
        {label}
      </Text>
    </div>
  );
}
