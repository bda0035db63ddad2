import { Anchor, Box, Button, Group as Row, Table, Text, Tooltip } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import type { Schema } from '../../api/client.ts';
import { useNames } from '../../api/names.ts';
import { idOf, type UsageLine, wordFor } from '../../components/charts/course.ts';
import { monthOf } from '../../components/fields/RangePicker.tsx';
import { type UrlState, useUrlState } from '../../components/fields/useUrlState.ts';
import { TableScroll } from '../../components/list/TableScroll.tsx';
import { PartlyPriced } from '../../components/money/PartlyPriced.tsx';
import { unitName } from '../../components/money/price-words.ts';
import { PageLink } from '../../components/PageLink.tsx';
import { addressOf } from '../../components/shell/addresses.ts';
import { here, links } from '../../links.ts';
import { Change } from '../../numbers/Change.tsx';
import { Money } from '../../numbers/Money.tsx';
import { countText } from '../../numbers/numbers.ts';
import { type Group, USAGE_PARAMS } from './groups.ts';
import { unpricedOf } from './UnitsTable.tsx';
import { words } from './words.ts';

interface UsageTableProps {
  readonly usage: Schema<'Usage'>;
  readonly group: Group;
  readonly groups: readonly Group[];
}

const STEP = 50;

const COUNTS = [
  'admitted_requests',
  'estimated_requests',
  'refused_requests',
  'input_tokens',
  'cached_input_tokens',
  'output_tokens',
  'reasoning_tokens',
  'total_tokens',
] as const;

/** Lists the groups, the highest spend first. A click on a name filters by it and groups by the next level. */
export function UsageTable({ usage, group, groups }: UsageTableProps) {
  const [shown, setShown] = useState(STEP);
  const lines = usage.data.slice(0, shown);
  const hasUnits = usage.total.units.length > 0;
  const isCompared = usage.previous !== undefined;
  const names = useNames(lines.map((line) => idOf(line, group)));
  return (
    <Box>
      <TableScroll minWidth={900}>
        <Table withTableBorder highlightOnHover fz="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{group.label}</Table.Th>
              {COUNTS.map((field) => (
                <Table.Th key={field} ta="right">
                  {words.columns[field]}
                </Table.Th>
              ))}
              <Table.Th ta="right">{words.spend}</Table.Th>
              {isCompared && <Table.Th ta="right">{words.change}</Table.Th>}
              {hasUnits && <Table.Th>{words.units}</Table.Th>}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {lines.map((line) => {
              const id = idOf(line, group);
              return (
                <Table.Tr key={id}>
                  <Table.Td>
                    <Drill id={id} name={names[id] ?? wordFor(id, group)} group={group} groups={groups} usage={usage} />
                  </Table.Td>
                  <Sums sums={line} hasUnits={hasUnits}>
                    {isCompared && <ChangeCell previous={line.previous} />}
                  </Sums>
                </Table.Tr>
              );
            })}
            {lines.length === 0 && (
              <Table.Tr>
                <Table.Td colSpan={COUNTS.length + 2 + Number(hasUnits) + Number(isCompared)} ta="center" c="dimmed">
                  {words.nothingUsed}
                </Table.Td>
              </Table.Tr>
            )}
          </Table.Tbody>
          <Table.Tfoot>
            <Table.Tr fw={600}>
              <Table.Td>{words.total}</Table.Td>
              <Sums sums={usage.total} hasUnits={hasUnits}>
                {isCompared && <ChangeCell previous={usage.previous?.total} />}
              </Sums>
            </Table.Tr>
          </Table.Tfoot>
        </Table>
      </TableScroll>
      <Row justify="space-between" mt="xs">
        <Text fz="sm" c="dimmed">
          {usage.truncated ? words.onlyHighestSpend(usage.data.length) : words.rows(usage.data.length)}
        </Text>
        {usage.data.length > shown && (
          <Button size="xs" variant="default" onClick={() => setShown(shown + STEP)}>
            {words.showMore}
          </Button>
        )}
      </Row>
    </Box>
  );
}

function ChangeCell({ previous }: { previous: Schema<'PreviousUsage'> | null | undefined }) {
  return (
    <Table.Td ta="right">
      <Change previous={previous} />
    </Table.Td>
  );
}

interface SumsProps {
  readonly sums: UsageLine | Schema<'Usage'>['total'];
  readonly hasUnits: boolean;
  /** The cell after the spend. */
  readonly children: ReactNode;
}

function Sums({ sums, hasUnits, children }: SumsProps) {
  return (
    <>
      {COUNTS.map((field) => (
        <Table.Td key={field} ta="right" {...(sums[field] === 0 ? { c: 'dimmed' } : {})}>
          {countText(sums[field])}
        </Table.Td>
      ))}
      <Table.Td ta="right">
        <Row gap={6} wrap="nowrap" justify="flex-end">
          {sums.partly_priced && <PartlyPriced units={unpricedOf(sums.units)} />}
          <Money usd={sums.spend} />
        </Row>
      </Table.Td>
      {children}
      {hasUnits && (
        <Table.Td fz="xs">
          {sums.units.map(({ unit, quantity }) => (
            <div key={unit} className="nowrap">
              {words.unitQuantity(unitName(unit), quantity)}
            </div>
          ))}
        </Table.Td>
      )}
    </>
  );
}

interface DrillProps {
  readonly id: string;
  readonly name: string;
  readonly group: Group;
  readonly groups: readonly Group[];
  readonly usage: Schema<'Usage'>;
}

function Drill({ id, name, group, groups, usage }: DrillProps) {
  const [state] = useUrlState();
  if (id === '')
    return (
      <Text fz="sm" c="dimmed">
        {name}
      </Text>
    );
  const page = addressOf(id);
  const requests = inRequests(state, group, { id, usage });
  return (
    <Row gap="xs" wrap="nowrap">
      <Tooltip label={words.breakDownBy(nextOf(group, groups, state))}>
        <Anchor component={PageLink} at={here({ ...state, ...inside(group, groups, { state, id }) })} inherit truncate maw={260}>
          <bdi>{name}</bdi>
        </Anchor>
      </Tooltip>
      {page !== null && (
        <Anchor component={Link} to={page} aria-label={words.openNamed(name)} fz="xs" c="dimmed" underline="always">
          {words.open}
        </Anchor>
      )}
      {requests !== null && (
        <Anchor
          component={PageLink}
          at={links.requests(requests)}
          aria-label={words.requestsOf(name)}
          fz="xs"
          c="dimmed"
          underline="always"
        >
          {words.requests}
        </Anchor>
      )}
    </Row>
  );
}

function inside(group: Group, groups: readonly Group[], { state, id }: { state: UrlState; id: string }) {
  return { [group.param]: id, group_by: nextOf(group, groups, state) };
}

/** Returns the next level. If a filter already fixes it, returns another grouping that is still open. */
function nextOf(group: Group, groups: readonly Group[], state: UrlState): string {
  const isOpen = (value: string) => {
    const found = groups.find((one) => one.value === value);
    return found !== undefined && found.value !== group.value && state[found.param] === undefined;
  };
  return isOpen(group.next) ? group.next : (['model', 'key', 'team'].find(isOpen) ?? 'model');
}

/** Returns the same filters for the request log. Null if the log does not have the filter of this group. */
function inRequests(
  state: UrlState,
  { param }: Group,
  of: { readonly id: string; readonly usage: Schema<'Usage'> },
): UrlState | null {
  if (NOT_IN_REQUESTS.has(param) || isOther(param, of.id)) return null;
  const filters = Object.fromEntries(IN_REQUESTS.map((name) => [name, state[name]]));
  return { ...filters, ...spanOf(state, of.usage), [param]: of.id };
}

/** The filters of the request log. */
const NOT_IN_REQUESTS: ReadonlySet<string> = new Set(['provider', 'deployment_tag', 'owner']);
const IN_REQUESTS = USAGE_PARAMS.filter((name) => !NOT_IN_REQUESTS.has(name));

/** Reports whether a row adds up names beyond the bound: the request log has each of them, under its own name. */
function isOther(param: string, id: string): boolean {
  return id === 'other' && ['tag', 'end_user', 'session'].includes(param);
}

/** Returns the range for the request log, which knows no months. */
function spanOf(state: UrlState, usage: Schema<'Usage'>): UrlState {
  const { range, from, to } = state;
  if (monthOf(state) !== undefined) return { range: 'custom', from: usage.from, to: usage.to };
  return from === undefined && to === undefined ? { range: range ?? '30d' } : { range, from, to };
}
