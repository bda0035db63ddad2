import { monthOf } from '../../domain/usage/compared-spans.ts';
import type { LetterTable } from '../../identity/mail/letter.ts';
import type { OrganizationRow } from '../../store/tenancy/organizations.ts';
import { USAGE_GROUPS, type UsageGroup } from '../../store/usage/usage-report.ts';
import type { TextAnswer } from '../http/answer.ts';
import type { AdminDeps } from '../http/deps.ts';
import { Problem } from '../http/problem.ts';
import * as statementExport from '../statements/statement-export.ts';
import type { Statement } from '../statements/statement-view.ts';
import * as statements from '../statements/statements.ts';
import { namesIn } from '../usage/names-in.ts';
import * as usage from '../usage/usage.ts';
import * as usageExport from '../usage/usage-export.ts';
import { callAs, type Reader, readAs } from './as-reader.ts';

/** The content of a scheduled mail, as its reader may see it now. */
export interface MailContent {
  readonly about: string;
  readonly table: LetterTable;
  /** The address of the same page in the console. */
  readonly address: string;
  /** Reads the same as CSV. */
  csv(): Promise<{ readonly fileName: string; readonly content: string }>;
}

/** The filters of the page Usage & spend that the API has too. */
const FILTERS = [
  'team_id',
  'key_id',
  'member_id',
  'service_account_id',
  'model',
  'deployment_id',
  'provider',
  'tag',
  'deployment_tag',
  'owner',
];
const DAYS: Readonly<Record<string, number>> = { '1h': 1, '24h': 1, '7d': 7, '30d': 30, '90d': 90 };
const ROWS_MAX = 50;
const CSV_CHARS_MAX = 5_000_000;

/** Returns the query of GET /usage that shows what a saved address of Usage & spend shows, limited to one organization. */
function usageQueryOf(address: string, organization: OrganizationRow, nowMs: number): Record<string, string> {
  const shown = new URLSearchParams(address);
  const filters = FILTERS.flatMap((name) => (shown.get(name) ? [[name, shown.get(name) as string]] : []));
  const group = USAGE_GROUPS.find((one) => one === shown.get('group_by')) ?? 'team';
  return {
    ...Object.fromEntries(filters),
    organization_id: organization.id,
    time_zone: organization.timeZone,
    group_by: group,
    ...spanOf(shown, organization.timeZone, nowMs),
  };
}

function spanOf(shown: URLSearchParams, timeZone: string, nowMs: number): Record<string, string> {
  const [range, from, to] = [shown.get('range') ?? '30d', shown.get('from'), shown.get('to')];
  if (from !== null || to !== null) return { ...(from === null ? {} : { from }), ...(to === null ? {} : { to }) };
  if (range === 'this_month') return { month: 'current' };
  if (range === 'last_month') return { month: 'last' };
  const today = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(timeZone).startOfDay();
  const start = today.subtract({ days: (DAYS[range] ?? 30) - 1 });
  return { from: new Date(start.epochMilliseconds).toISOString() };
}

/** Returns the content of a saved view of Usage & spend. */
export async function usageContent(
  deps: AdminDeps,
  reader: Reader,
  { address, organization }: { readonly address: string; readonly organization: OrganizationRow },
): Promise<MailContent> {
  const query = usageQueryOf(address, organization, deps.clock.nowMs());
  const answer = (await readAs(deps, reader, usage.read, { query: { ...query, limit: String(ROWS_MAX) } })) as UsageAnswer;
  const group = (answer.group_by[0] ?? 'team') as UsageGroup;
  const idOf = (line: UsageAnswer['data'][number]) => line[usage.FIELDS[group]] as string | null;
  const ids = answer.data.flatMap((line) => idOf(line) ?? []);
  const names = await namesIn(callAs(deps, reader, usage.read, { query }), ids);
  const rows = answer.data.map((line) => rowOf(names.get(idOf(line) ?? '') ?? idOf(line) ?? 'none', line));
  const shown = new URLSearchParams(address);
  shown.set('organization_id', organization.id);
  return {
    about: `Usage of ${organization.name} from ${dayOf(answer.from, answer.time_zone)} to ${dayOf(answer.to, answer.time_zone, -1)} (${answer.time_zone}): ${answer.total.spend} USD.`,
    table: { head: [group.replace('_', ' '), ...HEAD], rows: [...rows, rowOf('Total', answer.total)] },
    address: `/usage?${shown}`,
    csv: () => fileOf(readAs(deps, reader, usageExport.exportFile, { query })),
  };
}

/** Returns the content of the statement of the last month. */
export async function statementContent(deps: AdminDeps, reader: Reader, organization: OrganizationRow): Promise<MailContent> {
  const { id, name, timeZone } = organization;
  const params = { id, month: monthOf(deps.clock.nowMs(), timeZone, 1) };
  const { total, teams, models } = (await readAs(deps, reader, statements.read, { params })) as Statement;
  const rows = [...teams.data, ...models.data].slice(0, ROWS_MAX).map((line) => rowOf(line.name ?? line.id ?? 'none', line));
  return {
    about: `Statement of ${name} for ${params.month} (${timeZone}): ${total.spend} USD.`,
    table: { head: ['team, then model', ...HEAD], rows: [...rows, rowOf('Total', total)] },
    address: `/organizations/${encodeURIComponent(id)}/statements?month=${params.month}`,
    csv: () => fileOf(readAs(deps, reader, statementExport.csv, { params })),
  };
}

/** The fields of GET /usage that a mail shows. */
interface UsageAnswer {
  readonly from: string;
  readonly to: string;
  readonly time_zone: string;
  readonly group_by: readonly string[];
  readonly data: readonly (Sums & Readonly<Record<string, unknown>>)[];
  readonly total: Sums;
}

type Sums = Pick<Statement['total'], 'admitted_requests' | 'total_tokens' | 'spend'>;

const HEAD = ['Requests', 'Tokens', 'Spend in USD'];

function rowOf(name: string, { admitted_requests, total_tokens, spend }: Sums): readonly string[] {
  return [name, String(admitted_requests), String(total_tokens), spend];
}

function dayOf(instant: string, timeZone: string, plusMs = 0): string {
  const at = Temporal.Instant.fromEpochMilliseconds(Date.parse(instant) + plusMs);
  return at.toZonedDateTimeISO(timeZone).toPlainDate().toString();
}

async function fileOf(answer: Promise<unknown>): Promise<{ readonly fileName: string; readonly content: string }> {
  const { fileName = 'headgate.csv', lines } = (await answer) as TextAnswer;
  let content = '';
  for await (const page of lines) {
    content += page;
    if (content.length > CSV_CHARS_MAX)
      throw new Problem(400, 'The file is too large for a mail. Narrow the view, or choose a table in the mail.');
  }
  return { fileName, content };
}
