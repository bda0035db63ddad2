/**
 * What the statements of migrations cost on tables that hold many rows: read from their text. A statement that is not a change of the
 * catalogue alone takes longer with more rows, and keeps others from the table meanwhile.
 */

/** The work of one statement on a table that existed before its migration. */
export interface StatementCost {
  readonly table: string;
  readonly work: Work;
}

/**
 * `catalogue` takes the table's lock for an instant. `scan` reads every row, `index` reads and sorts them, `rows` writes some, and
 * `rewrite` writes all.
 */
export type Work = 'catalogue' | 'scan' | 'index' | 'rows' | 'rewrite';

/** The tables that requests write or read, or that hold many rows. */
export const HOT_TABLES: ReadonlySet<string> = new Set([
  ...['request_log', 'ledger', 'request_records', 'ledger_records', 'request_content', 'decision_shapes'],
  ...[
    'rollups',
    'team_rollups',
    'unit_rollups',
    'tag_rollups',
    'attempt_rollups',
    'attribution_rollups',
    'organization_days',
    'platform_rollups',
  ],
  ...[
    'usage_names',
    'usage_name_counts',
    'scope_days',
    'scope_months',
    'audit_events',
    'keys',
    'key_secrets',
    'organizations',
    'teams',
    'deployments',
  ],
]);

/** Microseconds for each row. An index: three took 73 s over ten million rows (two cores). The others are estimates. */
const MICROSECONDS: Readonly<Record<Work, number>> = { catalogue: 0, scan: 0.3, index: 2.5, rows: 10, rewrite: 10 };

/** Returns the seconds that a cost takes at a number of rows, roughly. */
export function secondsOf({ work }: StatementCost, rows: number): number {
  return (MICROSECONDS[work] * rows) / 1_000_000;
}

/** Jobs that do the rest of a migration's work while the gateway serves. Newer migrations name them: `-- followed by: <job>`. */
const JOBS_AFTER: Readonly<Record<string, readonly string[]>> = {
  '0012_jobs_and_alerts': ['credential-health', 'price-refresh'],
  '0013_units': ['price-refresh'],
  '0014_folded_days': ['fold', 'fold-past'],
  '0016_address_proofs': ['account-origins'],
  '0018_audit_key': ['audit-close'],
  '0019_keys_for_addresses': ['bind-keys'],
  '0020_master_key': ['bind-content-keys'],
};

/** Returns the jobs that follow a migration. `text`: its statements. */
export function jobsAfter(name: string, text: string): readonly string[] {
  return [...(JOBS_AFTER[name] ?? []), ...[...text.matchAll(/^-- followed by: (\S+)/gm)].map(([, job]) => job as string)];
}

/** Returns why the version before a migration cannot start after it; null if it can. */
export function wayBackOf(text: string): string | null {
  return /^-- no way back: (\S.*)$/m.exec(text)?.[1] ?? null;
}

/** Returns what a migration's statements cost, without those on tables that it makes itself. */
export function costsOf(text: string): readonly StatementCost[] {
  const statements = statementsIn(text);
  const own = new Set(statements.flatMap((one) => /^create table (?:if not exists )?(\w+)/.exec(one)?.[1] ?? []));
  return statements.flatMap(costOf).filter(({ table }) => !own.has(table));
}

/** Returns the statements in lower case, without comments, quotes, the bodies of functions and superfluous space. */
function statementsIn(text: string): readonly string[] {
  return text
    .replace(/\$(\w*)\$[\s\S]*?\$\1\$/g, "''")
    .replace(/--.*$/gm, '')
    .toLowerCase()
    .replaceAll('"public".', '')
    .replaceAll('"', '')
    .split(';')
    .map((one) => one.replace(/\s+/g, ' ').trim())
    .filter((one) => one !== '');
}

function costOf(statement: string): readonly StatementCost[] {
  const index = /^create (?:unique )?index (?:if not exists )?\w+ on (?:only )?(\w+)/.exec(statement);
  if (index !== null) return [{ table: index[1] as string, work: 'index' }];
  const altered = /^alter table (?:if exists )?(?:only )?(\w+) (.*)$/.exec(statement);
  if (altered !== null) return [{ table: altered[1] as string, work: workOfChange(altered[2] as string) }];
  const written = /^(?:update(?: only)?|delete from) (\w+)/.exec(statement);
  if (written !== null) return [{ table: written[1] as string, work: 'rows' }];
  const rewritten = /^(?:vacuum full|cluster|reindex table|refresh materialized view) (\w+)/.exec(statement);
  if (rewritten !== null) return [{ table: rewritten[1] as string, work: 'rewrite' }];
  const touched = /^(?:create (?:or replace )?trigger .* on|drop trigger .* on|lock table) (\w+)/.exec(statement);
  if (touched !== null) return [{ table: touched[1] as string, work: 'catalogue' }];
  if (!/^(?:insert into|with|create table .* as) /.test(statement)) return [];
  return [...statement.matchAll(/ (?:from|join) (\w+)/g)].map(([, table]) => ({ table: table as string, work: 'scan' }));
}

const VOLATILE = /\b(?:random|gen_random_uuid|clock_timestamp|nextval|statement_timestamp|timeofday)\s*\(/;

/** Returns the work of an ALTER TABLE: the dearest of its parts. */
function workOfChange(change: string): Work {
  if (/\balter (?:column )?\w+ (?:set data )?type\b|\bset (?:un)?logged\b|\bset (?:tablespace|access method)\b/.test(change))
    return 'rewrite';
  if (/\badd (?:column )?.*\b(?:stored|(?:big|small)?serial|as identity)\b/.test(change)) return 'rewrite';
  if (/\badd column .*\bdefault\b/.test(change) && VOLATILE.test(change)) return 'rewrite';
  if (/\b(?:unique|primary key)\b/.test(change) && !/\busing index\b/.test(change)) return 'index';
  if (/\b(?:check ?\(|foreign key|references)\b/.test(change) && !/\bnot valid\b/.test(change)) return 'scan';
  return /\bset not null\b|\bvalidate constraint\b|\battach partition\b/.test(change) ? 'scan' : 'catalogue';
}
