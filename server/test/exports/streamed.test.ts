/** Exports as streams: little memory however long, two at a time, and an end that shows when something failed. */
import { get, type IncomingMessage } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { sql } from 'drizzle-orm';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { type Headers, makeTeam, withAdmin } from '../admin/support.ts';
import { asActor, makeToken } from '../live/listen.ts';
import { onOneDatabase } from '../support/database.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** As objects, a hundred thousand lines take five times this. */
const HEAP_BYTES_MAX = 20_000_000;
const MS_MAX = 120_000;

onOneDatabase('streamed exports', (given, kind) => {
  const world = withAdmin(given);
  /** As many as an export holds; the embedded engine takes its time. */
  const linesMax = kind === 'postgresql' ? 100_000 : 5_000;
  let organizationId = '';
  const open: Reader[] = [];
  const usage = () => `/usage/export?organization_id=${organizationId}&group_by=organization,team,model`;
  const audit = (format: string) => `/audit-events/export?organization_id=${organizationId}&format=${format}`;

  beforeAll(async () => {
    const made = await makeTeam(world().root, { name: 'Large' });
    organizationId = made.organization.id;
    const zeros = sql.raw(Array.from({ length: 9 }, () => '0').join(', '));
    await given().db.execute(sql`
      insert into team_rollups (organization_id, hour_start, team_id, called_name, deployment_id, provider,
        requests, total_tokens, spend_nano_usd, ${sql.raw(REST.join(', '))})
      select ${organizationId}, '2026-03-09T10:00:00Z', ${made.team.id}, 'model-' || n, 'dep_1', 'openai', 1, n, n, ${zeros}
      from generate_series(1, ${linesMax}::int) as n`);
    // Forty megabytes: more than the sockets of both sides take unread.
    await given().db.execute(sql`
      insert into audit_events (chain, seq, at, actor_kind, actor_id, actor_name, action, object_type, object_id, object_name,
        before, after, reason, ip, request_id, prev_hash, hash)
      select chain, 1000 + n, at, actor_kind, actor_id, actor_name, action, object_type, object_id, object_name, null,
        to_jsonb(repeat('x', 20000)), reason, ip, request_id, prev_hash, hash
      from audit_events, generate_series(1, 2000) as n where chain = ${organizationId} and seq = 1`);
  }, MS_MAX);

  afterEach(async () => {
    for (const reader of open.splice(0)) reader.leave();
    await expect
      .poll(() =>
        world()
          .root('GET', '/organizations/export')
          .then(({ status }) => status),
      )
      .toBe(200);
  });

  async function reader(path: string, headers: Headers = READS): Promise<Reader> {
    const opened = await openReader(`${world().address}/api/v1${path}`, headers);
    open.push(opened);
    return opened;
  }

  test('as many lines of usage as an export holds are all there, and the heap hardly grows', { timeout: MS_MAX }, async () => {
    await (await reader(`${usage()}&model=model-1`)).toEnd();
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    const export_ = await reader(usage());
    let bytes = 0;
    let lines = -1;
    let most = 0;
    for await (const chunk of export_.response) {
      const isStep = Math.floor((bytes + chunk.length) / 2_000_000) > Math.floor(bytes / 2_000_000);
      bytes += chunk.length;
      for (const byte of chunk) if (byte === 10) lines += 1;
      if (!isStep) continue;
      collectGarbage();
      most = Math.max(most, process.memoryUsage().heapUsed - before);
    }
    expect({ lines, complete: export_.response.complete }).toEqual({ lines: linesMax, complete: true });
    // The embedded engine of a test runs in this very heap; the real one has a thread of its own.
    if (kind === 'postgresql') expect(most).toBeLessThan(HEAP_BYTES_MAX);
  });

  // The embedded engine has fewer lines to write.
  if (kind === 'postgresql') {
    test('more lines than an export holds are refused, whole', { timeout: MS_MAX }, async () => {
      await given().db.execute(sql`insert into team_rollups select organization_id, hour_start, team_id, 'one-more', deployment_id,
        provider, ${sql.raw(SUMS.join(', '))} from team_rollups where called_name = 'model-1'`);
      const answer = await world().root('GET', usage());
      expect([answer.status, answer.body.errors]).toEqual([400, [expect.objectContaining({ pointer: '?group_by' })]]);
      await given().db.execute(sql`delete from team_rollups where called_name = 'one-more'`);
    });
  }

  test('two at once; a third is told when to come again, and the place of one that left is free', {
    timeout: MS_MAX,
  }, async () => {
    const first = await reader(audit('jsonl'));
    const second = await reader(audit('csv'));
    expect([first.response.statusCode, second.response.statusCode]).toEqual([200, 200]);
    for (const path of [usage(), '/keys/export', '/organizations/export', '/requests/export', audit('csv')]) {
      const third = await world().root('GET', path);
      expect([third.status, third.headers['content-type']]).toEqual([429, 'application/problem+json; charset=utf-8']);
      expect(Number(third.headers['retry-after'])).toBeGreaterThan(0);
      expect(third.body.detail).toContain('Two exports');
    }
    first.leave();
    await expect
      .poll(() =>
        world()
          .root('GET', '/keys/export')
          .then(({ status }) => status),
      )
      .toBe(200);
    // What is refused takes no place.
    for (let count = 0; count < 3; count += 1) {
      expect((await world().root('GET', '/usage/export?format=focus&group_by=tag')).status).toBe(400);
      expect((await world().root('GET', '/audit-events/export?organization_id=org_nothing')).status).toBe(404);
    }
    expect((await world().root('GET', usage())).status).toBe(200);
  });

  test.each(['jsonl', 'csv'])(
    'what fails after the first line ends the file visibly: %s',
    { timeout: MS_MAX },
    async (format) => {
      const export_ = await reader(audit(format));
      expect(export_.response.statusCode).toBe(200);
      const requestId = export_.response.headers['x-request-id'] as string;
      await given().db.execute(sql`alter table audit_events rename to audit_events_gone`);
      const { text, isWhole } = await export_.toEnd();
      await given().db.execute(sql`alter table audit_events_gone rename to audit_events`);
      expect(isWhole).toBe(false);
      const last = text.trimEnd().split('\n').at(-1) as string;
      expect(last).toContain('not complete');
      expect(last).toContain(requestId);
      expect(last).not.toContain('audit_events');
      if (format === 'jsonl') expect(JSON.parse(last)).toMatchObject({ status: 500, request_id: requestId });
      expect(world().logged.filter((line) => line.includes(requestId))).toHaveLength(1);
    },
  );

  test.each(['jsonl', 'csv'])('a token that is revoked meanwhile reads no further: %s', { timeout: MS_MAX }, async (format) => {
    const { headers, revoke } = await makeToken(world(), 'org_auditor', organizationId);
    const export_ = await reader(audit(format), headers);
    expect(export_.response.statusCode).toBe(200);
    expect((await revoke()).status).toBe(204);
    const { text, isWhole } = await export_.toEnd();
    expect(isWhole).toBe(false);
    expect(text.trimEnd().split('\n').at(-1)).toContain(
      'This export is not complete. This admin token is unknown or was revoked.',
    );
  });

  test('what fails before the first line is a problem, not a file', async () => {
    await given().db.execute(sql`alter table "keys" rename to keys_gone`);
    const answer = await world().root('GET', '/keys/export');
    await given().db.execute(sql`alter table keys_gone rename to "keys"`);
    expect([answer.status, answer.headers['content-type']]).toEqual([500, 'application/problem+json; charset=utf-8']);
  });

  test('HEAD says what would come, without it', async () => {
    const answer = await world().root('HEAD', usage());
    expect([answer.status, answer.text]).toEqual([200, '']);
    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
  });

  test('nothing is left open in the database, whoever hung up', { timeout: MS_MAX }, async () => {
    const export_ = await reader(usage());
    for await (const _ of export_.response) break;
    export_.leave();
    const left = async () =>
      Number((await given().db.execute<{ n: string }>(sql`select count(*) as n from pg_cursors where is_holdable`)).rows[0]?.n);
    await expect.poll(left).toBe(0);
    if (kind === 'postgresql') await expect.poll(() => given().pool.idleCount).toBe(given().pool.totalCount);
  });
});

const SUMS = ['requests', 'total_tokens', 'spend_nano_usd'];
const REST = ['estimated_requests', 'refused_requests', 'admitted', 'unpriced_requests', 'input_tokens'].concat([
  'cached_input_tokens',
  'cache_write_tokens',
  'output_tokens',
  'reasoning_tokens',
]);
SUMS.push(...REST);

interface Reader {
  readonly response: IncomingMessage;
  /** Everything up to the end, and whether it was the end of the answer. */
  toEnd(): Promise<{ readonly text: string; readonly isWhole: boolean }>;
  leave(): void;
}

const READS = asActor([{ role: 'platform_admin', organizationId: null }], 'acct_reads');

/** Reads nothing until asked. */
function openReader(url: string, headers: Headers): Promise<Reader> {
  return new Promise((resolve, reject) => {
    const request = get(url, { headers: { ...headers }, agent: false }, (response) => {
      response.on('error', () => {});
      resolve({
        response,
        toEnd: async () => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          await new Promise<void>((closed) => response.once('close', closed));
          return { text: Buffer.concat(chunks).toString(), isWhole: response.complete };
        },
        leave: () => request.destroy(),
      });
    });
    request.once('error', reject);
  });
}
