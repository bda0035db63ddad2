/**
 * Somebody with every right in SQL, and no master key, forges the audit log: triggers are switched off, every hash is made anew so that it
 * fits, heads are moved. Each way is done to an organization of its own; the gateway then names the event.
 */
import { chainHash, GENESIS_HASH } from '../../src/domain/audit/audit-chain.ts';
import { eventOf } from '../../src/store/audit/audit.ts';
import { startPostgres } from '../support/postgres.ts';
import { type Gateway, startGateway, temporaryDirectory } from './gateway.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { inDatabase, type Query, type Row, type Where } from './stored-rows.ts';
import { makeTenant } from './tenant.ts';

/** Events of each chain before it is forged: the organization, its team, and changes of its name. */
const EVENTS = 6;

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const embedded = await onEngine('embedded', null);
  if (quick) return embedded;
  const postgres = await startPostgres();
  if (postgres === null) return { ...embedded, figure: `${embedded.figure}; PostgreSQL is not on this machine` };
  try {
    return allOf([embedded, await onEngine('PostgreSQL', postgres.url)]);
  } finally {
    await postgres.stop();
  }
}

async function onEngine(engine: string, databaseUrl: string | null): Promise<ProveResult> {
  const env = databaseUrl === null ? {} : { DATABASE_URL: databaseUrl };
  // On the embedded engine a prepared database is quicker than a new one.
  const first = await startGateway(databaseUrl === null ? {} : { dataDir: temporaryDirectory(), env });
  const { dataDir } = first;
  const where = databaseUrl === null ? { dataDir } : { databaseUrl };
  const again = { dataDir, adminToken: first.adminToken, env };
  const chains: string[] = [];
  for (let at = 0; at < FORGERIES.length + 2; at += 1) chains.push(await tellStory(first));
  await first.stop();
  const refused = await refusedByTriggers(where, chains[0] as string);
  await forgeAll(where, chains);
  const second = await startGateway(again);
  const found = await verdictsOf(second, chains);
  await second.stop();
  const keyless = chains.at(-1) as string;
  await inDatabase(where, (query) => withoutTriggers(query, () => removeKey(query, keyless)));
  const third = await startGateway(again);
  const afterKey = await verdictOf(third, keyless);
  await third.stop();
  const keyRow = judged('audit key removed, all hashed anew, restarted', { seq: EVENTS, because: 'remembered' }, afterKey);
  const forged = [...found.slice(0, FORGERIES.length), keyRow];
  const alone = found.slice(FORGERIES.length);
  const rows = [...forged, ...alone];
  const right = (of: readonly { readonly isRight: boolean }[]) => `${of.filter(({ isRight }) => isRight).length} of ${of.length}`;
  return {
    holds: rows.every(({ isRight }) => isRight) && refused.holds,
    figure: `${engine}: ${right(forged)} ways found (${forged.map(({ told }) => told).join('; ')}); ${right(alone)} chains left alone intact; ${refused.figure}`,
    details: [...rows.filter(({ isRight }) => !isRight).map(({ detail }) => detail), ...(refused.details ?? [])],
  };
}

async function tellStory(gateway: Gateway): Promise<string> {
  const { organizationId } = await makeTenant(gateway);
  for (let at = 2; at < EVENTS; at += 1) await gateway.admin('PATCH', `/organizations/${organizationId}`, { name: `Name ${at}` });
  return organizationId;
}

interface Verdict {
  readonly intact: boolean;
  readonly events: number | null;
  readonly broken_at_seq: number | null;
  readonly broken_because: string | null;
}

const verdictOf = (gateway: Gateway, chain: string) =>
  gateway.admin<Verdict>('GET', `/audit-events/verify?organization_id=${chain}`);

interface Fault {
  readonly seq: number;
  readonly because: string;
}

interface Forgery {
  readonly how: string;
  readonly found: Fault;
  /** `other` is a chain that nobody forges. */
  readonly forge: (query: Query, chain: string, other: string) => Promise<unknown>;
}

const FORGERIES: readonly Forgery[] = [
  {
    how: 'actor renamed, all hashed anew',
    found: { seq: 3, because: 'key' },
    forge: (query, chain) => rewrite(query, chain, (rows) => rows.map((row) => (row.seq === 3 ? renamed(row) : row))),
  },
  {
    how: 'event deleted, all hashed anew',
    found: { seq: 3, because: 'key' },
    forge: (query, chain) => rewrite(query, chain, (rows) => rows.filter(({ seq }) => seq !== 3)),
  },
  {
    how: 'event put in, all hashed anew',
    found: { seq: 3, because: 'key' },
    forge: (query, chain) =>
      rewrite(query, chain, (rows) => rows.flatMap((row) => (row.seq === 3 ? [renamed(row), row] : [row]))),
  },
  {
    how: 'all written anew as a version without the key',
    found: { seq: 1, because: 'no_key' },
    forge: (query, chain) => rewrite(query, chain, (rows) => rows.map((row) => ({ ...renamed(row), mac: null }))),
  },
  {
    how: 'event added at the end as by a version without the key',
    found: { seq: EVENTS + 1, because: 'no_key' },
    forge: (query, chain) => rewrite(query, chain, (rows) => [...rows, { ...renamed(rows.at(-1) as Stored), mac: null }]),
  },
  {
    how: 'event with its check brought from another chain',
    found: { seq: 3, because: 'key' },
    forge: async (query, chain, other) => {
      const theirs = (await storedOf(query, other))[2] as Stored;
      await rewrite(query, chain, (rows) => rows.with(2, theirs));
    },
  },
  {
    how: 'end cut off, head set back',
    found: { seq: 5, because: 'remembered' },
    forge: (query, chain) => rewrite(query, chain, (rows) => rows.slice(0, 4)),
  },
  {
    how: 'whole chain removed',
    found: { seq: 1, because: 'remembered' },
    forge: (query, chain) => rewrite(query, chain, () => []),
  },
];

async function forgeAll(where: Where, chains: readonly string[]): Promise<void> {
  const other = chains.at(-2) as string;
  await inDatabase(where, (query) =>
    withoutTriggers(query, async () => {
      for (const [at, { forge }] of FORGERIES.entries()) await forge(query, chains[at] as string, other);
    }),
  );
}

async function verdictsOf(gateway: Gateway, chains: readonly string[]) {
  const rows = [];
  for (const [at, { how, found }] of FORGERIES.entries())
    rows.push(judged(how, found, await verdictOf(gateway, chains[at] as string)));
  for (const [name, chain] of [
    ['left alone', chains.at(-2)],
    ['left alone so far', chains.at(-1)],
  ] as const) {
    const verdict = await verdictOf(gateway, chain as string);
    const isRight = verdict.intact && verdict.events === EVENTS;
    rows.push({
      isRight,
      told: `${name}: ${verdict.intact ? 'intact' : 'broken'}`,
      detail: `${name}: ${JSON.stringify(verdict)}`,
    });
  }
  return rows;
}

function judged(how: string, { seq, because }: Fault, verdict: Verdict) {
  return {
    isRight: !verdict.intact && verdict.broken_at_seq === seq && verdict.broken_because === because,
    told: `${how}: ${verdict.intact ? 'NOT FOUND' : `event ${verdict.broken_at_seq} by ${verdict.broken_because}`}`,
    detail: `${how}: ${JSON.stringify(verdict)} instead of event ${seq} by ${because}`,
  };
}

/** The parts of a row that a forger reads and writes; the others are carried along. */
type Stored = Row & { readonly seq: number; readonly mac: Uint8Array | null };

async function storedOf(query: Query, chain: string): Promise<readonly Stored[]> {
  const rows = await query(`select * from audit_events where chain = '${chain}' order by seq`);
  return rows.map((row) => ({ ...row, seq: Number(row.seq), mac: (row.mac as Uint8Array | null) ?? null }));
}

const renamed = (row: Stored): Stored => ({ ...row, actor_name: 'Nobody' });

/** Writes a chain anew so that every place and hash fits, and its head with it. Checks stay what `change` leaves of them. */
async function rewrite(query: Query, chain: string, change: (rows: readonly Stored[]) => readonly Stored[]): Promise<void> {
  const rows = change(await storedOf(query, chain));
  await query(`delete from audit_events where chain = '${chain}'`);
  let previous = GENESIS_HASH;
  for (const [at, row] of rows.entries()) {
    const seq = at + 1;
    const hash = chainHash(previous, eventOf(eventIn(row, chain, seq)));
    const carried = { ...row, chain, seq, at: (row.at as Date).toISOString() };
    const { prev_hash: _, hash: __, mac: ___, ...facts } = carried as Row;
    await query(
      `insert into audit_events select * from jsonb_populate_record(null::audit_events, ${quoted(JSON.stringify(facts))}::jsonb
        || jsonb_build_object('prev_hash', '\\x${previous}', 'hash', '\\x${hash}', 'mac', ${macText(row.mac)}))`,
    );
    previous = hash;
  }
  await query(`delete from audit_heads where chain = '${chain}'`);
  if (rows.length > 0) await query(`insert into audit_heads values ('${chain}', ${rows.length}, '\\x${previous}')`);
}

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
const macText = (mac: Uint8Array | null) => (mac === null ? 'null::text' : `'\\x${Buffer.from(mac).toString('hex')}'`);

function eventIn(row: Stored, chain: string, seq: number): Parameters<typeof eventOf>[0] {
  const text = (name: string) => row[name] as string;
  const maybe = (name: string) => (row[name] ?? null) as string | null;
  return {
    chain,
    seq,
    at: row.at as Date,
    actorKind: text('actor_kind'),
    actorId: text('actor_id'),
    actorName: text('actor_name'),
    action: text('action'),
    objectType: text('object_type'),
    objectId: text('object_id'),
    objectName: maybe('object_name'),
    before: row.before,
    after: row.after,
    reason: maybe('reason'),
    ip: maybe('ip'),
    requestId: maybe('request_id'),
  };
}

/** The start finds no key and makes one, which accepts events without it for a week: what is left to find it by is outside the database. */
async function removeKey(query: Query, chain: string): Promise<void> {
  await query(`update installation set wrapped_keys = wrapped_keys - 'audit'`);
  await rewrite(query, chain, (rows) => rows.map((row) => ({ ...renamed(row), mac: null })));
}

async function withoutTriggers(query: Query, work: () => Promise<unknown>): Promise<void> {
  for (const table of ['audit_events', 'audit_heads']) await query(`alter table ${table} disable trigger user`);
  await work();
  for (const table of ['audit_events', 'audit_heads']) await query(`alter table ${table} enable trigger user`);
}

/** What does not switch the triggers off comes to nothing. */
async function refusedByTriggers(where: Where, chain: string): Promise<ProveResult> {
  const statements = [
    `update audit_events set actor_name = 'Nobody' where chain = '${chain}'`,
    `delete from audit_events where chain = '${chain}'`,
    `truncate audit_events`,
    `update audit_heads set seq = 1 where chain = '${chain}'`,
    `delete from audit_heads where chain = '${chain}'`,
    `truncate audit_heads`,
  ];
  const passed: string[] = [];
  await inDatabase(where, async (query) => {
    for (const statement of statements) {
      await query(statement).then(
        () => passed.push(statement),
        () => {},
      );
    }
  });
  return {
    holds: passed.length === 0,
    figure: `${statements.length - passed.length} of ${statements.length} statements refused while the triggers are on`,
    details: passed,
  };
}
