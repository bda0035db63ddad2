import './statement.css';
import { Badge, Button, Group, Select, Stack, Text, Title } from '@mantine/core';
import { IconPrinter } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { api, asked, type Schema } from '../../api/client.ts';
import { keptWithin } from '../../api/kept.ts';
import { Asked } from '../../components/Asked.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { EmptyState } from '../../components/list/EmptyState.tsx';
import { ExportMenu } from '../../components/list/ExportMenu.tsx';
import { Page } from '../../components/shell/Page.tsx';
import { Time } from '../../components/Time.tsx';
import { monthText, spanText } from '../../numbers/times.ts';
import { PATHS } from '../../paths.ts';
import { ScheduledMails } from './ScheduledMails.tsx';
import { StatementFacts } from './StatementFacts.tsx';
import { BudgetPeriods, PartTable } from './StatementParts.tsx';
import { words } from './words.ts';

type Months = readonly Schema<'StatementMonth'>[];

/** The statement of an organization for one month of its time zone, to read, print or export. */
export function StatementPage() {
  const { organizationId = '' } = useParams({ strict: false }) as { organizationId?: string };
  const months = useQuery({
    queryKey: ['organization', organizationId, 'statements'],
    queryFn: () => asked(api.GET('/organizations/{id}/statements', { params: { path: { id: organizationId } } })),
  });
  return <Asked query={months}>{({ data }) => <Shown organizationId={organizationId} months={data} />}</Asked>;
}

function Shown({ organizationId, months }: { organizationId: string; months: Months }) {
  const [state] = useUrlState();
  const month = state.month ?? months[0]?.month;
  if (month === undefined) {
    return (
      <Page title={words.statements} crumbs={crumbsOf(organizationId)}>
        <EmptyState title={words.noStatementsYet}>{words.statementMeans}</EmptyState>
      </Page>
    );
  }
  return <OfMonth organizationId={organizationId} months={months} month={month} />;
}

interface OfMonthProps {
  readonly organizationId: string;
  readonly months: Months;
  readonly month: string;
}

function OfMonth({ organizationId, months, month }: OfMonthProps) {
  const path = { id: organizationId, month };
  const query = useQuery({
    queryKey: ['organization', organizationId, 'statement', month],
    queryFn: () => asked(api.GET('/organizations/{id}/statements/{month}', { params: { path } })),
    placeholderData: keptWithin(['organization', organizationId, 'statement']),
  });
  return (
    <Page
      title={words.statementOf(monthText(month))}
      crumbs={crumbsOf(organizationId, query.data?.organization_name)}
      actions={<Actions organizationId={organizationId} months={months} month={month} />}
    >
      <Asked query={query}>{(statement) => <Statement statement={statement} />}</Asked>
      <ScheduledMails organizationId={organizationId} />
    </Page>
  );
}

function crumbsOf(organizationId: string, name = words.organization) {
  return [
    { label: words.organizations, to: PATHS.organizations },
    { label: name, to: `/organizations/${encodeURIComponent(organizationId)}` },
  ];
}

/** Chooses the month, and prints or exports its statement. */
function Actions({ organizationId, months, month }: OfMonthProps) {
  const [, set] = useUrlState();
  const names = [...new Set([...months.map((one) => one.month), month])].toSorted().toReversed();
  return (
    <Group gap="xs" className="not-printed">
      <Select
        aria-label={words.month}
        w={170}
        allowDeselect={false}
        data={names.map((value) => ({ value, label: monthText(value) }))}
        value={month}
        onChange={(value) => set({ month: value ?? undefined })}
      />
      <Button variant="default" leftSection={<IconPrinter size={16} />} onClick={() => window.print()}>
        {words.print}
      </Button>
      <ExportMenu
        exports={[
          {
            label: words.csv,
            what: `statement-${month}`,
            isDated: false,
            ending: 'csv',
            path: `/organizations/${encodeURIComponent(organizationId)}/statements/${month}/export`,
          },
        ]}
      />
    </Group>
  );
}

function Statement({ statement }: { statement: Schema<'Statement'> }) {
  const { organization_name, from, to, time_zone, status, generated_at } = statement;
  return (
    <Stack gap="lg" className="statement">
      <div>
        <Group gap="sm">
          <Title order={2}>
            <bdi>{organization_name}</bdi>
          </Title>
          <Badge variant="light" color={status === 'closed' ? 'gray' : 'orange'} tt="none">
            {status === 'closed' ? words.closed : words.stillRunning}
          </Badge>
        </Group>
        <Text fz="sm" c="dimmed" component="div">
          {words.inZone(spanText(from, to, time_zone), time_zone)} {status !== 'closed' && words.canStillChange} {words.asOf}{' '}
          <Time at={generated_at} />
        </Text>
      </div>
      <StatementFacts statement={statement} />
      <PartTable title={words.byTeam} label={words.team} none={words.noTeam} part={statement.teams} total={statement.total} />
      <PartTable title={words.byModel} label={words.model} none={words.noModel} part={statement.models} total={statement.total} />
      <PartTable title={words.byKey} label={words.key} none={words.noKey} part={statement.keys} total={statement.total} />
      <BudgetPeriods statement={statement} />
    </Stack>
  );
}
