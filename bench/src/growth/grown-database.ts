/** The database of a large installation. The product's own seeder fills it, and some of its keys get the benchmark's limits. */
import type pg from 'pg';
import { seedSecret } from '../../../server/src/store/installation/seed.ts';
import { openSeeded, type SeededDatabase, withClient } from '../../../server/test/prove/seeded-database.ts';
import { limits } from '../headgate.ts';

export interface GrownSize {
  readonly organizations: number;
  readonly keys: number;
  /** The number of keys to call. */
  readonly hot: number;
}

export interface GrownDatabase extends SeededDatabase {
  readonly hotSecrets: readonly string[];
  readonly hotOrganizations: number;
}

/** The ledger and rollups of the seeded organizations. */
export interface SeededBooks {
  readonly rows: number;
  /** The keys with rows, and the least and most rows of one of them. */
  readonly keys: number;
  readonly rowsMin: number;
  readonly rowsMax: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** From the rollups. */
  readonly requests: number;
}

/** The seeder gives every fourth key to a person; only such a key's calls count in all four scopes. */
const PERSONS_KEY_EVERY = 4;
const SEED_SECONDS_MAX = 3_600;

/** Opens the database. Throws if PostgreSQL is missing, or if there are too few keys for the calls. */
export async function openGrown({ organizations, keys, hot }: GrownSize): Promise<GrownDatabase> {
  if (hot * PERSONS_KEY_EVERY > keys)
    throw new Error(`${hot} hot keys need ${hot * PERSONS_KEY_EVERY} keys: one in four is a person's`);
  const seeded = await openSeeded({ organizations, keys, requests: 1, seedSecondsMax: SEED_SECONDS_MAX });
  if (seeded === null) throw new Error('missing: PostgreSQL');
  const hotOrganizations = await withClient(seeded.url, (client) => govern(client, hot));
  const hotSecrets = Array.from({ length: hot }, (_, index) => seedSecret(index * PERSONS_KEY_EVERY));
  return { ...seeded, hotSecrets, hotOrganizations };
}

/** Gives five limits to each key that is called and to its team, member and organization. Returns the number of organizations. */
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

/** Returns the sums since an instant. */
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

/** Counts all ledger rows since an instant; cheap enough to poll. */
export async function rowsSince(client: pg.Client, since: Date): Promise<number> {
  const { rows } = await client.query('select count(*)::float8 as rows from ledger where admitted_at >= $1', [since]);
  return rows[0].rows;
}

/** Counts the organizations whose standing is due. A start or a catalogue change makes all of them due; a request does not. */
export async function organizationsToJudge(client: pg.Client): Promise<number> {
  const { rows } = await client.query(`select count(*)::int as due from organization_standings
    where due_at <= now() or catalogue_version < (select version from config_versions where scope = 'catalogue')`);
  return rows[0].due;
}
