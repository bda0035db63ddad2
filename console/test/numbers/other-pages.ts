/** The overview, the request log, and the list and the history of budgets: their numbers against the stored requests. */
import type { EndRecord } from '../../../server/src/ledger/records.ts';
import { expectNumbers } from './compare.ts';
import { groupsOf, sumsOf } from './expected.ts';
import type { Span, Tenant } from './fixture.ts';
import { cellsOf, figuresOf, rankingOf } from './read-page.ts';
import { nameOf, recordsIn, spanQuery, type View } from './usage-pages.ts';
import { countOf, durationOf, moneyOf, secondsOf, shortCountOf } from './written.ts';

const TOPS = 6;
const DAY_MS = 86_400_000;

/** The figures of the overview and its rankings. */
export async function walkOverview(view: View, span: Span): Promise<void> {
  const { page, fixture, tally, person, zone } = view;
  const where = `overview of ${span.name}, ${person.role} in ${zone}`;
  const records = recordsIn(view, span);
  const sums = sumsOf(records);
  await page.goto(`${fixture.gateway.base}/?${spanQuery(span)}`);
  const names = ['Spend', 'Requests', 'Errors', 'Refused', 'Tokens'];
  const values = [moneyOf(sums.nanos), ...[sums.admitted, sums.failed, sums.refused, sums.tokens].map(shortCountOf)];
  await expectNumbers(tally, where, values, async () => {
    const seen = await figuresOf(page);
    return names.map((name) => seen[name] ?? '');
  });
  const rankings = [
    ['Top models', 'model'],
    ['Top keys', 'key'],
    ...(person.isOfPlatform ? [['Top organizations', 'organization'] as const] : []),
  ] as const;
  for (const [section, grouping] of rankings) {
    const rows = groupsOf(records, grouping).slice(0, TOPS);
    const expected = rows.map(({ id, sums: own }) => [
      nameOf(view, grouping, id),
      `${shortCountOf(own.admitted)} req. ${moneyOf(own.nanos)}`,
    ]);
    await expectNumbers(tally, `${section}, ${where}`, expected.flat(), async () => (await rankingOf(page, section)).flat());
  }
  await expectBars(view, records, span, where);
}

/** What the chart draws: the API's intervals in the reader's zone. */
async function expectBars(view: View, records: readonly EndRecord[], span: Span, where: string): Promise<void> {
  const { page, drawn: tally } = view;
  const answer = await page.evaluate(async (query) => {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    return (await fetch(`/api/v1/overview?${query}&time_zone=${encodeURIComponent(zone)}`)).json();
  }, spanQuery(span));
  const series = answer.series as { time: string; requests: number; refused: number; errors: number; tokens: number }[];
  const ends = [...series.slice(1).map(({ time }) => Date.parse(time)), span.toMs];
  const expected = series.flatMap(({ time }, at) => {
    const inside = records.filter(({ admittedAtMs }) => admittedAtMs >= Date.parse(time) && admittedAtMs < (ends[at] as number));
    const sums = sumsOf(inside);
    return [sums.admitted, sums.failed, sums.refused, sums.tokens].map(String);
  });
  await expectNumbers(tally, `intervals of the ${where}`, expected, async () =>
    series.flatMap(({ requests, errors, refused, tokens }) => [requests, errors, refused, tokens].map(String)),
  );
  const starts = series.slice(1).map(({ time }) => hourIn(time, view.zone));
  if (answer.range.interval === 'day') {
    await expectNumbers(
      tally,
      `days of the ${where} begin`,
      starts.map(() => '00:00'),
      async () => starts,
    );
  }
}

function hourIn(time: string, zone: string): string {
  return Temporal.Instant.from(time).toZonedDateTimeISO(zone).toPlainTime().toString().slice(0, 5);
}

const REQUESTS_SHOWN = 50;

/** The request log: time, tokens, spend and latency of each row. */
export async function walkRequests(view: View, tenant: Tenant, span: Span): Promise<void> {
  const { page, fixture, tally, person, zone } = view;
  const newest = recordsIn(view, span)
    .filter(({ organizationId }) => organizationId === tenant.id)
    .sort((a, b) => b.admittedAtMs - a.admittedAtMs || (a.requestId < b.requestId ? 1 : -1))
    .slice(0, REQUESTS_SHOWN);
  await page.goto(`${fixture.gateway.base}/requests?organization_id=${tenant.id}&${spanQuery(span)}`);
  const heads = ['Time', 'Tokens', 'Spend', 'Latency'];
  const expected = newest.flatMap((record) => {
    const { tokens, nanos } = sumsOf([record]);
    const latency = record.gatewayUs / 1_000 + (record.providerMs ?? 0);
    return [
      secondsOf(record.admittedAtMs, zone),
      tokens === 0 ? '–' : countOf(tokens),
      record.entries.length === 0 ? null : moneyOf(nanos),
      durationOf(latency),
    ];
  });
  await expectNumbers(
    tally,
    `requests, ${person.role} in ${zone}`,
    expected.map((text) => text ?? NOTHING),
    async () => (await columnsOf(view, heads)).map((text, at) => (expected[at] === null ? NOTHING : text)),
  );
}

const NOTHING = 'not compared';

/** The cells below these heads, row by row. */
async function columnsOf({ page }: View, heads: readonly string[]): Promise<readonly string[]> {
  const titles = await page.evaluate(() =>
    [...document.querySelectorAll('main thead th')].map((head) => head.textContent?.trim() ?? ''),
  );
  const places = heads.map((head) => titles.indexOf(head));
  return (await cellsOf(page, 'main table')).flatMap((cells) => places.map((place) => cells[place] ?? ''));
}

/** The list of organizations: the spend of the last 30 days in UTC, and what each contains. */
export async function walkOrganizations(view: View): Promise<void> {
  const { page, fixture, tally, person, zone } = view;
  const fromMs = Math.floor(Date.now() / DAY_MS) * DAY_MS - 29 * DAY_MS;
  const records = recordsIn(view, { name: '', fromMs, toMs: Date.now() });
  const seen = fixture.tenants.filter(({ id }) => records.some(({ organizationId }) => organizationId === id));
  const expected = seen.toReversed().flatMap(({ id, teams }) => {
    const { nanos } = sumsOf(records.filter(({ organizationId }) => organizationId === id));
    return [moneyOf(nanos), countOf(teams.length), countOf(teams.length * 2)];
  });
  await page.goto(`${fixture.gateway.base}/organizations?sort=-created_at`);
  await expectNumbers(tally, `organizations, ${person.role} in ${zone}`, expected, async () =>
    (await columnsOf(view, ['30-day spend', 'Teams', 'Keys'])).map((text) => /\$[\d,.]+$/.exec(text)?.[0] ?? text),
  );
}

/** The history of an organization's monthly budget, in its own time zone: requests and spend of each month. */
export async function walkBudget(view: View, tenant: Tenant): Promise<void> {
  const { page, fixture, tally, person, zone } = view;
  await page.goto(`${fixture.gateway.base}/organizations/${tenant.id}?tab=limits`);
  const own = fixture.records.filter(({ organizationId }) => organizationId === tenant.id);
  const months = Map.groupBy(own, ({ admittedAtMs }) => monthOf(admittedAtMs, tenant.timeZone));
  const read = async () => cellsOf(page, 'section[aria-label$=": history"] table');
  const expected = Array.from({ length: (await eventually(read)).length }, (_, back) => {
    const month = Temporal.Now.plainDateISO(tenant.timeZone).with({ day: 1 }).subtract({ months: back }).toString().slice(0, 7);
    const sums = sumsOf(months.get(month) ?? []);
    return [countOf(sums.admitted), moneyOf(sums.nanos)];
  });
  await expectNumbers(
    tally,
    `budget of an organization in ${tenant.timeZone}, ${person.role} in ${zone}`,
    expected.flat(),
    async () => (await read()).flatMap((cells) => cells.slice(1, 3)),
  );
}

function monthOf(atMs: number, timeZone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone).toPlainDate().toPlainYearMonth().toString();
}

async function eventually<T extends readonly unknown[]>(read: () => Promise<T>): Promise<T> {
  for (let tries = 0; tries < 100; tries += 1) {
    const found = await read();
    if (found.length > 0) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return read();
}
