/** The usage page and an organization's usage: every row, total and interval, after each regrouping. */
import type { Page } from '@playwright/test';
import type { EndRecord } from '../../../server/src/ledger/records.ts';
import { expectNumbers, type Tally } from './compare.ts';
import { type Grouping, type GroupSums, groupsOf, type Sums, startOf, sumsOf } from './expected.ts';
import type { Fixture, Person, Span } from './fixture.ts';
import { cellsOf, figuresOf, rankingOf } from './read-page.ts';
import { countOf, labelOf, moneyOf, sharesOf } from './written.ts';

export interface View {
  readonly page: Page;
  readonly fixture: Fixture;
  /** Numbers on pages. */
  readonly tally: Tally;
  /** Numbers of the API that pages draw and do not write. */
  readonly drawn: Tally;
  readonly person: Person;
  /** The reader's time zone. */
  readonly zone: string;
}

const LABELS: Readonly<Record<Grouping, string>> = {
  organization: 'Organization',
  team: 'Team',
  key: 'Key',
  member: 'Member',
  service_account: 'Service account',
  model: 'Model',
  provider: 'Provider',
};
const SHOWN_ROWS = 50;
const SERIES = 6;

/** The requests of a span that this person may see. */
export function recordsIn({ fixture, person }: View, { fromMs, toMs }: Span): readonly EndRecord[] {
  return fixture.records.filter(
    ({ admittedAtMs: at, ...record }) => at >= fromMs && at < toMs && person.sees({ admittedAtMs: at, ...record }),
  );
}

export function spanQuery({ fromMs, toMs }: Span): string {
  return `from=${new Date(fromMs).toISOString()}&to=${new Date(toMs).toISOString()}`;
}

/** Opens the page in one grouping and changes to the others there, without loading the page again. */
export async function walkUsage(view: View, span: Span, groupings: readonly Grouping[], interval: 'hour' | 'day'): Promise<void> {
  const { page, fixture } = view;
  const records = recordsIn(view, span);
  const [first, ...others] = groupings as [Grouping, ...Grouping[]];
  await page.goto(`${fixture.gateway.base}/usage?${spanQuery(span)}&group_by=${first}&interval=${interval}&numbers=on`);
  await expectUsage(view, `usage by ${first}`, records, first, interval);
  for (const grouping of others) {
    await page.getByRole('combobox', { name: 'Group by' }).click();
    await page.getByRole('option', { name: LABELS[grouping], exact: true }).click();
    await expectUsage(view, `usage by ${grouping}`, records, grouping, interval);
  }
}

async function expectUsage(
  view: View,
  what: string,
  records: readonly EndRecord[],
  grouping: Grouping,
  interval: 'hour' | 'day',
): Promise<void> {
  const { page, tally, person, zone } = view;
  const where = `${what} per ${interval}, ${person.role} in ${zone}`;
  const groups = groupsOf(records, grouping);
  const total = sumsOf(records);
  const rows = groups.slice(0, SHOWN_ROWS).map(({ id, sums }) => [nameOf(view, grouping, id), ...usageCells(sums)]);
  await expectNumbers(tally, where, [...rows, ['Total', ...usageCells(total)]].flat(), async () =>
    (await cellsOf(page, 'main table:not([aria-label])')).flat(),
  );
  const figures = ['Spend', 'Requests', 'Tokens', 'Estimated requests', 'Refused requests', 'Requests without a price'];
  const values = [
    moneyOf(total.nanos),
    ...[total.admitted, total.tokens, total.estimated, total.refused, total.unpriced].map(countOf),
  ];
  await expectNumbers(tally, `${where}, totals`, values, async () => {
    const seen = await figuresOf(page);
    return figures.map((name) => seen[name] ?? '');
  });
  const label = `Spend per ${interval} by ${LABELS[grouping].toLowerCase()}`;
  const course = courseCells(records, groups, { interval, zone });
  await expectNumbers(tally, `${where}, intervals`, course, async () =>
    (await cellsOf(page, `main table[aria-label="${label}"]`)).flat(),
  );
}

function usageCells(sums: Sums): readonly string[] {
  const counts = [sums.admitted, sums.estimated, sums.refused, sums.input, sums.cached, sums.output, sums.reasoning, sums.tokens];
  return [...counts.map(countOf), moneyOf(sums.nanos)];
}

/** The cells of the table behind the chart, the newest interval first. */
function courseCells(
  records: readonly EndRecord[],
  groups: readonly GroupSums[],
  { interval, zone }: { readonly interval: 'hour' | 'day'; readonly zone: string },
): readonly string[] {
  const shown = groups.slice(0, SERIES);
  const rest = groups.slice(SERIES).flatMap((group) => group.records);
  const series = [...shown.map((group) => new Set(group.records)), ...(rest.length > 0 ? [new Set(rest)] : [])];
  const starts = [...Map.groupBy(records, ({ admittedAtMs }) => startOf(admittedAtMs, interval, zone))];
  return starts
    .sort(([one], [other]) => other - one)
    .flatMap(([startMs, inside]) => [
      labelOf(startMs, interval, zone),
      ...series.map((own) => {
        const mine = inside.filter((record) => own.has(record));
        return mine.length === 0 ? '–' : moneyOf(sumsOf(mine).nanos);
      }),
    ]);
}

export function nameOf({ fixture }: View, grouping: Grouping, id: string): string {
  if (id === '') return `No ${LABELS[grouping].toLowerCase()}`;
  return fixture.names.get(id) ?? id;
}

const TAB_GROUPINGS = ['model', 'team', 'key', 'member'] as const;

/** An organization's tab Usage in each grouping, and its overview with shares. Both are of the last 30 days. */
export async function walkOrganization(view: View, organizationId: string, groupings: readonly Grouping[]): Promise<void> {
  const { page, fixture, tally, person, zone } = view;
  const nowMs = Date.now();
  const span = { name: '30 days', fromMs: nowMs - 30 * 86_400_000, toMs: nowMs };
  const records = recordsIn(view, span).filter((record) => record.organizationId === organizationId);
  await page.goto(`${fixture.gateway.base}/organizations/${organizationId}?tab=usage`);
  for (const grouping of TAB_GROUPINGS.filter((one) => groupings.includes(one))) {
    await page.getByRole('radiogroup', { name: 'Group by' }).getByText(LABELS[grouping], { exact: true }).click();
    const groups = [...groupsOf(records, grouping)].sort(
      (a, b) => Number(b.sums.nanos - a.sums.nanos) || b.sums.admitted - a.sums.admitted,
    );
    const rows = groups.map(({ id, sums }) => [id === '' ? '–' : nameOf(view, grouping, id), ...tabCells(sums)]);
    const where = `organization's usage by ${grouping}, ${person.role} in ${zone}`;
    await expectNumbers(tally, where, [...rows, ['Total', ...tabCells(sumsOf(records))]].flat(), async () =>
      (await cellsOf(page, '[role="tabpanel"] table')).flat(),
    );
  }
  await page.goto(`${fixture.gateway.base}/organizations/${organizationId}`);
  for (const [section, grouping] of [
    ['30-day spend by model', 'model'],
    ['Teams by spend', 'team'],
  ] as const) {
    const groups = groupsOf(records, grouping);
    const shares = sharesOf(groups.map(({ sums }) => sums.nanos));
    const rows = groups.map(({ id, sums }, at) => [
      nameOf(view, grouping, id),
      `${moneyOf(sums.nanos)} ${shares[at]} · ${countOf(sums.admitted)} req.`,
    ]);
    await expectNumbers(tally, `${section}, ${person.role} in ${zone}`, rows.flat(), async () =>
      (await rankingOf(page, section)).flat(),
    );
  }
}

function tabCells(sums: Sums): readonly string[] {
  return [...[sums.admitted, sums.refused, sums.input, sums.output, sums.tokens].map(countOf), moneyOf(sums.nanos)];
}
