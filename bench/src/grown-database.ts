/** The database of an installation that has grown: the product's own seeder fills it, and some of its keys are governed as the benchmark's own. */
import type pg from 'pg';
import { seedSecret } from '../../server/src/store/installation/seed.ts';
import { openSeeded, type SeededDatabase, withClient } from '../../server/test/prove/seeded-database.ts';
import { limits } from './headgate.ts';

export interface GrownSize {
  readonly organizations: number;
  readonly keys: number;
  /** How many of the keys are called. */
  readonly hot: number;
}

export interface GrownDatabase extends SeededDatabase {
  readonly hotSecrets: readonly string[];
  readonly hotOrganizations: number;
}

/** What the books say of the seeded organizations. */
export interface SeededBooks {
  readonly rows: number;
  /** Keys with rows, and how many rows the least and the most called of them has. */
  readonly keys: number;
  readonly rowsMin: number;
  readonly rowsMax: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** By the rollups. */
  readonly requests: number;
}

/** The seeder gives every fourth key to a person, so that its calls pass all four scopes. */
const PERSONS_KEY_EVERY = 4;
const SEED_SECONDS_MAX = 3_600;

/** Throws where PostgreSQL is missing, or where there are fewer keys than are to be called. */
export async function openGrown({ organizations, keys, hot }: GrownSize): Promise<GrownDatabase> {
  if (hot * PERSONS_KEY_EVERY > keys)
    throw new Error(`${hot} hot keys need ${hot * PERSONS_KEY_EVERY} keys: one in four is a person's`);
  const seeded = await openSeeded({ organizations, keys, requests: 1, seedSecondsMax: SEED_SECONDS_MAX });
  if (seeded === null) throw new Error('missing: PostgreSQL');
  const hotOrganizations = await withClient(seeded.url, (client) => govern(client, hot));
  const hotSecrets = Array.from({ length: hot }, (_, index) => seedSecret(index * PERSONS_KEY_EVERY));
  return { ...seeded, hotSecrets, hotOrganizations };
}

/** Five limits for each key that is called and for all above it. Returns how many organizations that are. */
async function govern(client: pg.Client, hot: number): Promise<number> {
  await client.query(`create temporary table hot as
    select organization_id, team_id, owner_membership_id as member_id, id as key_id from keys
    where owner_membership_id is not null and substr(name, length('key-') + 1)::bigint < ${hot * PERSONS_KEY_EVERY}`);
  const holders = { teams: 'team_id', memberships: 'member_id', keys: 'key_id' };
  const rateLimits = JSON.stringify(limits.rate_limits);
  const above = await client.query('update organizations set rate_limits = $1 where id in (select organization_id from hot)', [
    rateLimits,
  ]);
  for (const [table, id] of Object.entries(holders))
    await client.query(
      `update ${table} set rate_limits = $1 where (organization_id, id) in (select organization_id, ${id} from hot)`,
      [rateLimits],
    );
  await client.query(BUDGETS_WHERE_NONE_IS);
  await client.query('vacuum analyze');
  return above.rowCount ?? 0;
}

const BUDGETS_WHERE_NONE_IS = `insert into budgets (organization_id, id, scope, scope_id, amount_nano_usd, period, thresholds, action)
  select distinct organization_id, 'bud_hot_' || scope_id, scope, scope_id, 5000000000000000, '{"is": "month", "anchor_day": 1}'::jsonb,
    '{50,80,100}'::int[], 'block'
  from hot, lateral (values ('organization', organization_id), ('team', team_id), ('user', member_id), ('key', key_id)) as scopes(scope, scope_id)
  where not exists (select 1 from budgets as own
    where own.organization_id = hot.organization_id and own.scope = scopes.scope and own.scope_id = scopes.scope_id)`;

/** Since an instant. */
export async function booksOfSeeded(client: pg.Client, since: Date): Promise<SeededBooks> {
  const { rows } = await client.query(
    `with seeded as (select id from organizations where slug like 'seed-%'),
     of_key as (
       select count(*) as rows, sum(input_tokens) as input, sum(output_tokens) as output from ledger
       where admitted_at >= $1 and organization_id in (select id from seeded) group by key_id
     )
     select coalesce(sum(rows), 0)::float8 as rows, count(*)::float8 as keys, min(rows)::float8 as "rowsMin", max(rows)::float8 as "rowsMax",
       coalesce(sum(input), 0)::float8 as "inputTokens", coalesce(sum(output), 0)::float8 as "outputTokens",
       (select coalesce(sum(requests + estimated_requests), 0)::float8 from rollups
        where bucket_start > $1::timestamptz - interval '15 minutes' and organization_id in (select id from seeded)) as requests
     from of_key`,
    [since],
  );
  return rows[0];
}

/** Ledger rows since an instant, of whomever: cheap enough to be asked again and again. */
export async function rowsSince(client: pg.Client, since: Date): Promise<number> {
  const { rows } = await client.query('select count(*)::float8 as rows from ledger where admitted_at >= $1', [since]);
  return rows[0].rows;
}

/** A start and every change of the catalogue make each organization's standing due: work that passes, and that no request causes. */
export async function organizationsToJudge(client: pg.Client): Promise<number> {
  const { rows } = await client.query(`select count(*)::int as due from organization_standings
    where due_at <= now() or catalogue_version < (select version from config_versions where scope = 'catalogue')`);
  return rows[0].due;
}
