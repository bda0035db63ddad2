import type { Json, Query } from '../api.ts';
import type { Command, Given, Session } from '../command.ts';
import { BadUsage } from '../outcome.ts';
import { type Column, printRows } from '../print.ts';

const LIMIT_DEFAULT = 200;
const PAGE_ROWS_MAX = 200;

const COLUMNS: readonly Column[] = [
  ['request', (row) => row.request_id],
  ['time', (row) => row.time],
  ['organization', (row) => row.organization_name ?? row.organization_id],
  ['team', (row) => row.team_name ?? row.team_id],
  ['key', (row) => row.key_name ?? row.key_id],
  ['charged USD', (row) => row.charged],
  ['why', (row) => (row.reasons as readonly string[]).map((reason) => WHY[reason]?.(row) ?? reason).join('; ')],
];

const WHY: Readonly<Record<string, (row: Json) => string>> = {
  hang_up_at_finish: () => 'the client hung up after the finish reason, and the usage was estimated',
  error_in_answer: () => 'a 200 with neither output nor usage was charged',
  error_in_stream: () => 'a stream that failed before any output was charged',
  key_moved: (row) => `the key was in ${row.admitted_team_id} when the request was admitted`,
};

const review: Command = {
  words: ['ledger', 'review'],
  summary: 'list ledger entries that an earlier version may have settled wrongly; changes nothing',
  operands: [],
  flags: [
    { name: 'since', value: 'date', about: 'first admission time: a day such as 2026-03-01, or a time (required)' },
    {
      name: 'until',
      value: 'date',
      about: 'end of the admission times, exclusive: when the corrected version was started (default: now)',
    },
    { name: 'limit', value: 'n', about: `most entries to list (default: ${LIMIT_DEFAULT})` },
    { name: 'cursor', value: 'cursor', about: 'continues an earlier list' },
  ],
  notes: [
    'It reads only stored rows. The provider’s bill shows what each request really cost. It lists three cases:',
    '- The client hung up between the finish reason of a stream and its usage. The delivered output was charged, without',
    '  hidden reasoning. This version writes the same row if the provider reports no usage in time.',
    '- A 200 had neither output nor usage, as a whole answer or as a stream that failed at once. The input was charged,',
    '  although it was usually an error that the provider did not bill.',
    '- The audit log shows that the key moved to another team during the request, and that team was charged.',
    'It cannot see: errors in a 200 that were translated from another dialect (their rows look like interrupted',
    'answers), failed embeddings (they look like those of a server that reports no usage), a move at the moment of',
    'admission or after a day in flight, keys whose owner changed in flight, and requests that were not charged or',
    'whose log rows were deleted.',
  ],
  run: async (given, session) => {
    const wanted = given.whole('limit') ?? LIMIT_DEFAULT;
    const since = instantOf('since', given.required('since'));
    const { rows, cursor } = await pagesOf(given, session, { since, until: instantOf('until', given.flag('until')) }, wanted);
    printRows(session, { next_cursor: cursor }, rows, COLUMNS);
    const count = `${rows.length} ${rows.length === 1 ? 'entry' : 'entries'}`;
    session.note(cursor === null ? `${count}. Nothing was changed.` : `${count}; more with --cursor ${cursor}`);
  },
};

export const ledgerCommands: readonly Command[] = [review];

/** Reads pages until there are enough rows. A page may be empty and still have a next one. */
async function pagesOf(given: Given, session: Session, question: Query, wanted: number) {
  const rows: Json[] = [];
  let cursor: string | null = given.flag('cursor') ?? null;
  do {
    const limit = Math.min(PAGE_ROWS_MAX, wanted - rows.length);
    const page = await session.api.get('/ledger/review', { ...question, limit, cursor: cursor ?? undefined });
    rows.push(...(page.data as readonly Json[]));
    cursor = page.next_cursor as string | null;
  } while (cursor !== null && rows.length < wanted);
  return { rows, cursor };
}

/** Returns an instant for the API. A day means its midnight in UTC. Throws BadUsage for any other text. */
function instantOf(name: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const instant = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text;
  if (!/^\d{4}-\d\d-\d\dT/.test(instant) || Number.isNaN(Date.parse(instant)))
    throw new BadUsage(`--${name} must be a day such as 2026-03-01, or a time such as 2026-03-01T12:00:00Z.`);
  return instant;
}
