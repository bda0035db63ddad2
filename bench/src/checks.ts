/** The checks without which no figure counts: every answer is in the ledger once, with its tokens, and every scope counted it. */
import pg from 'pg';
import { usage } from './exchange.ts';
import { LIMITS_PER_SCOPE, type Subject, type Totals } from './headgate.ts';
import { callExactly } from './measure.ts';
import type { Target } from './target.ts';

export interface Check {
  readonly holds: boolean;
  readonly says: string;
}

/** Checks a counted load: ledger rows, usage and tokens must rise by exactly that. */
export async function booksAreExact(
  target: Target,
  subject: Subject,
  databaseUrl: string | null,
  requests: number,
): Promise<Check> {
  const before = { totals: await quiet(subject), rows: await ledgerRows(databaseUrl, subject) };
  await callExactly(target, requests);
  const after = {
    totals: await subject.settled(before.totals.requests + requests),
    rows: await ledgerRows(databaseUrl, subject),
  };
  const rose = {
    requests: after.totals.requests - before.totals.requests,
    inputTokens: after.totals.inputTokens - before.totals.inputTokens,
    outputTokens: after.totals.outputTokens - before.totals.outputTokens,
  };
  const rows = after.rows === null || before.rows === null ? null : after.rows - before.rows;
  const holds =
    rose.requests === requests &&
    rose.inputTokens === requests * usage.input &&
    rose.outputTokens === requests * usage.output &&
    (rows === null || rows === requests);
  const ledger = rows === null ? '' : `, ${rows} ledger rows`;
  return {
    holds,
    says: `${target.name}: ${requests} calls → ${rose.requests} settled${ledger}, ${rose.inputTokens} + ${rose.outputTokens} tokens`,
  };
}

/** Checks the whole run: no answer is missing in the usage, and nothing is there beyond the calls that wrk broke off. */
export async function nothingMissing(target: Target, subject: Subject): Promise<Check> {
  const { requests } = await quiet(subject);
  const { answered, brokenOff } = target.books?.seen ?? { answered: Number.NaN, brokenOff: 0 };
  const holds = answered <= requests && requests <= answered + brokenOff;
  return { holds, says: `${target.name}: ${answered} answers read, at most ${brokenOff} broken off, ${requests} on the books` };
}

/** Checks with one more call that its decision names every rule of every scope, and that each rule has counted something. */
export async function everyScopeCounted(subject: Pick<Subject, 'to'>): Promise<Check> {
  const base = `http://127.0.0.1:${subject.to.port}`;
  const call = await fetch(`${base}${subject.to.path}`, {
    method: 'POST',
    headers: { ...subject.to.headers, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'bench-json', max_tokens: 16, messages: [{ role: 'user', content: 'hi' }] }),
  });
  await call.arrayBuffer();
  const decision = await fetch(`${base}/v1/decisions/${call.headers.get('x-request-id')}`, { headers: subject.to.headers });
  const { rules } = (await decision.json()) as { rules: { scope: string; used: number | string }[] };
  const moved = ['organization', 'team', 'user', 'key'].map(
    (scope) => rules.filter((rule) => rule.scope === scope && Number(rule.used) > 0).length,
  );
  const holds = moved.every((count) => count === LIMITS_PER_SCOPE);
  return {
    holds,
    says: `counters moved: organization ${moved[0]}, team ${moved[1]}, user ${moved[2]}, key ${moved[3]} of ${LIMITS_PER_SCOPE} each`,
  };
}

/** Waits until the totals stop changing. */
async function quiet(subject: Subject): Promise<Totals> {
  for (let before = await subject.totals(), tries = 0; ; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const now = await subject.totals();
    if (now.requests === before.requests || tries === 60) return now;
    before = now;
  }
}

/** Counts rows in the database itself; null if it is embedded. */
async function ledgerRows(databaseUrl: string | null, subject: Subject): Promise<number | null> {
  if (databaseUrl === null) return null;
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on('error', () => {}); // The query rejects. Without a listener the event would end this process too.
  await client.connect();
  const { rows } = await client.query('select count(*)::int as count from ledger where organization_id = $1', [
    subject.tenant.organizationId,
  ]);
  await client.end();
  return rows[0].count;
}
