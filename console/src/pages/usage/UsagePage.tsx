import { Button, Popover, Group as Row, Select, Stack, Switch, Text } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { api, asked } from '../../api/client.ts';
import { queryText } from '../../api/events.ts';
import { keptWithin } from '../../api/kept.ts';
import { queryOf } from '../../api/list-query.ts';
import { type Session, useCan, useSession } from '../../api/session.tsx';
import { Asked } from '../../components/Asked.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { OwnOrganizationSelect } from '../../components/fields/OwnOrganizationSelect.tsx';
import { monthOf, type Range, RangePicker, rangeOf, viewersZone } from '../../components/fields/RangePicker.tsx';
import { type UrlState, useUrlState } from '../../components/fields/useUrlState.ts';
import { ExportMenu } from '../../components/list/ExportMenu.tsx';
import { FilterBar } from '../../components/list/FilterBar.tsx';
import { FiguresShape } from '../../components/Skeletons.tsx';
import { Page } from '../../components/shell/Page.tsx';
import { SavedViews } from '../../components/views/SavedViews.tsx';
import { type Group, groupsFor, standardGroup, USAGE_PARAMS, usageFilters, withoutConflicts } from './groups.ts';
import { INTERVALS, type Interval, type Question } from './question.ts';
import { Totals } from './Totals.tsx';
import { UnitsTable } from './UnitsTable.tsx';
import { UsageChart } from './UsageChart.tsx';
import { UsageTable } from './UsageTable.tsx';
import { words } from './words.ts';

const STANDARD = '30d';

/** Usage and spend of any range, grouped and filtered by choice. The totals are the server's, over the whole result. */
export function UsagePage() {
  const [state] = useUrlState();
  const session = useSession();
  const range = rangeOf(state, STANDARD);
  const compare: Question = state.compare === 'on' ? { compare: 'previous_period' } : {};
  const interval = intervalOf(state, range);
  const groups = groupsFor(session);
  const group = groups.find(({ value }) => value === state.group_by) ?? groupOf(session, state);
  const question = questionOf(state, range, session);
  const compared = { ...question, ...compare };
  const query = useQuery({
    queryKey: ['usage', group.value, compared],
    queryFn: () => asked(api.GET('/usage', { params: { query: queryOf('/usage', { ...compared, group_by: group.value }) } })),
    placeholderData: keptWithin(['usage', group.value]),
  });
  return (
    <Page
      title={words.usageAndSpend}
      about={words.whatIsCounted}
      actions={
        <>
          <SavedViews path="/usage" />
          <ToStatements session={session} state={state} />
          <Exports question={question} group={group} interval={interval} />
        </>
      }
    >
      <Controls groups={groups} group={group} interval={interval} />
      <Asked query={query} skeleton={<FiguresShape />}>
        {(usage) => (
          <Stack gap="xl" style={{ opacity: query.isPlaceholderData ? 0.6 : 1 }}>
            <Totals usage={usage} />
            {group.several !== undefined && (
              <Text fz="sm" c="dimmed">
                {group.several}
              </Text>
            )}
            <UsageChart question={compared} group={group} interval={interval} lines={usage.data} />
            <UsageTable usage={usage} group={group} groups={groups} />
            <UnitsTable units={usage.total.units} />
          </Stack>
        )}
      </Asked>
    </Page>
  );
}

/** Opens the statements of the only organization or of the chosen one; without one, asks for it. */
function ToStatements({ session, state }: { session: Session; state: UrlState }) {
  const only = Object.keys(session.capabilities_by_organization);
  const organizationId = state.organization_id ?? (only.length === 1 ? only[0] : undefined);
  const may = useCan('usage.read', organizationId ?? null);
  const go = useNavigate();
  const open = (id: string | undefined) => id !== undefined && void go({ to: `/organizations/${id}/statements` });
  if (organizationId !== undefined)
    return (
      <GuardedButton variant="default" verdict={may} onClick={() => open(organizationId)}>
        {words.statements}
      </GuardedButton>
    );
  return (
    <Popover width={300} position="bottom-end" trapFocus>
      <Popover.Target>
        <Button variant="default" rightSection={<IconChevronDown size={14} />}>
          {words.statements}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={words.statements}>
        <OwnOrganizationSelect
          inPopover
          permission="usage.read"
          label={words.statementsOf}
          placeholder={words.statementsOf}
          value={undefined}
          onChange={open}
        />
      </Popover.Dropdown>
    </Popover>
  );
}

interface ExportsProps {
  readonly question: Question;
  readonly group: Group;
  readonly interval: Interval;
}

/** Exports the lines by group and model, or in the FOCUS format. */
function Exports({ question, group, interval }: ExportsProps) {
  const groupBy = group.value === 'model' ? 'model' : `${group.value},model`;
  return (
    <ExportMenu
      note={words.exportMeans}
      exports={[
        {
          label: words.csv,
          what: 'usage',
          ending: 'csv',
          path: `/usage/export${queryText({ ...question, group_by: groupBy, interval, format: 'csv' })}`,
        },
        {
          label: words.focus,
          what: 'focus',
          ending: 'csv',
          path: `/usage/export${queryText({ ...question, format: 'focus' })}`,
        },
      ]}
    />
  );
}

interface ControlsProps {
  readonly groups: readonly Group[];
  readonly group: Group;
  readonly interval: Interval;
}

/** Chooses the range, the grouping, the interval of the chart, and the filters. */
function Controls({ groups, group, interval }: ControlsProps) {
  const [state, set] = useUrlState();
  const session = useSession();
  return (
    <Row gap="xs">
      <RangePicker standard={STANDARD} months />
      <Select
        aria-label={words.groupBy}
        w={170}
        allowDeselect={false}
        leftSection={words.byBefore}
        data={groups.map(({ value, label }) => ({ value, label }))}
        value={group.value}
        onChange={(value) => set({ group_by: value ?? undefined, ...withoutConflicts(value ?? '') })}
      />
      <Select
        aria-label={words.chartInterval}
        w={120}
        allowDeselect={false}
        data={INTERVALS.map((value) => ({ value, label: words.per(value) }))}
        value={interval}
        onChange={(value) => set({ interval: value ?? undefined })}
      />
      <FilterBar filters={usageFilters(session)} />
      <Switch
        label={words.compare}
        checked={state.compare === 'on'}
        onChange={({ currentTarget }) => set({ compare: currentTarget.checked ? 'on' : undefined })}
      />
    </Row>
  );
}

function groupOf(session: Session, state: UrlState) {
  const groups = groupsFor(session);
  const standard = standardGroup(session, state.organization_id);
  return groups.find(({ value }) => value === standard) ?? (groups[0] as (typeof groups)[number]);
}

/** Returns the query. A month is one of the organization's time zone, if the report is about a single organization. */
function questionOf(state: UrlState, { from, to }: Range, session: Session): Question {
  const month = monthOf(state);
  const isOfOne = state.organization_id !== undefined || Object.keys(session.capabilities_by_organization).length === 1;
  const zone = ['time_zone', month !== undefined && isOfOne ? undefined : viewersZone()];
  const span =
    month === undefined
      ? [
          ['from', from],
          ['to', to],
        ]
      : [['month', month]];
  const given = [...USAGE_PARAMS.map((param) => [param, state[param]]), ...span, zone];
  return Object.fromEntries(given.filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== ''));
}

/**
 * Returns the chosen interval, except hours for ranges above 62 days. Otherwise hours up to 2 days, days up to 92, and then
 * months.
 */
function intervalOf({ interval }: UrlState, { minutes }: Range): Interval {
  const chosen = INTERVALS.find((one) => one === interval);
  const days = (minutes ?? Number.POSITIVE_INFINITY) / 1_440;
  if (chosen !== undefined && !(chosen === 'hour' && days > 62)) return chosen;
  if (days <= 2) return 'hour';
  return days <= 92 ? 'day' : 'month';
}
