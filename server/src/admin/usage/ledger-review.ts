import { z } from 'zod';
import { formatUsd } from '../../domain/money/money.ts';
import { pageLimit } from '../../store/paging.ts';
import { namesOf } from '../../store/tenancy/names-of-ids.ts';
import { REVIEW_REASONS, type ReviewedEntry, reviewLedger } from '../../store/usage/ledger-review.ts';
import { instant, instantOut } from '../http/fields.ts';
import { listQuery } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { invalid } from '../http/problem.ts';
import { route } from '../http/route.ts';

/** Lists ledger entries that an earlier version may have settled wrongly, for readers of the platform to check. */

const name = z.string().nullable().meta({ description: 'The name. Null if no record with this id remains.' });

const entryOut = z
  .object({
    request_id: z.string(),
    attempt: z.int(),
    time: instantOut.meta({ description: 'The time at which the request was admitted.' }),
    organization_id: z.string(),
    organization_name: name,
    team_id: z.string().meta({ description: 'The team that was charged.' }),
    team_name: name,
    admitted_team_id: z
      .string()
      .nullable()
      .meta({ description: 'With `key_moved`: the key’s team when the request was admitted.' }),
    key_id: z.string(),
    key_name: name,
    model: z.string(),
    charged: z.string().meta({ description: 'The charge in USD.' }),
    reasons: z.array(z.enum(REVIEW_REASONS)),
  })
  .meta({ id: 'ReviewedEntry' });

export const list = route({
  summary: 'List possibly wrong ledger entries of earlier versions',
  description:
    'Oldest first; changes nothing. `hang_up_at_finish`: a stream was cut between its finish reason and its usage, and charged an estimate. `error_in_answer`, `error_in_stream`: a 200 with neither output nor usage was charged. `key_moved`: the key moved to the charged team while the request was in flight. An empty page may still have a `next_cursor`.',
  permission: 'usage.read',
  query: z.strictObject({
    since: instant.meta({ description: 'The start of the range of admission times, inclusive.' }),
    until: instant.optional().meta({ description: 'The end of the range, exclusive. Default: now.' }),
    limit: listQuery.limit,
    cursor: listQuery.cursor,
  }),
  response: z.object({ data: z.array(entryOut), next_cursor: z.string().nullable() }),
  load: load.platform,
  handle: async (call) => {
    const { since, until, limit, cursor } = call.query;
    const [fromMs, toMs] = [Date.parse(since), until === undefined ? call.deps.clock.nowMs() : Date.parse(until)];
    if (fromMs >= toMs) throw invalid('?since', 'must be before `until`');
    const page = await reviewLedger(call.deps.db, { fromMs, toMs, limit: pageLimit(limit), cursor });
    const ids = [...new Set(page.rows.flatMap((row) => [row.organizationId, row.teamId, row.keyId]))];
    const all = [{ is: 'everywhere' }] as const;
    const names = await namesOf(call.deps.db, { ids, organizations: all, teams: all, mayReadCatalogue: true });
    return { data: page.rows.map((row) => view(row, names)), next_cursor: page.nextCursor };
  },
});

function view(row: ReviewedEntry, names: Readonly<Record<string, string>>): z.output<typeof entryOut> {
  return {
    request_id: row.requestId,
    attempt: row.attempt,
    time: row.admittedAt.toISOString(),
    organization_id: row.organizationId,
    organization_name: names[row.organizationId] ?? null,
    team_id: row.teamId,
    team_name: names[row.teamId] ?? null,
    admitted_team_id: row.admittedTeamId,
    key_id: row.keyId,
    key_name: names[row.keyId] ?? null,
    model: row.calledName,
    charged: formatUsd(BigInt(row.nanoUsd)),
    reasons: [...row.reasons],
  };
}
