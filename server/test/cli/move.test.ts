import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { chat } from '../prove/data-plane.ts';
import { type Gateway, startGateway, temporaryDirectory } from '../prove/gateway.ts';
import { compare, readAll, write } from '../prove/kept-installation.ts';
import { hasPostgres, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { headgate } from './support.ts';

const MS_MAX = 240_000;
/** To move to: it holds nothing but the schema. */
let opened: TestDatabase | null = null;

afterEach(async () => {
  await opened?.dispose();
  opened = null;
});

describe.skipIf(!hasPostgres())('moving from the embedded database to PostgreSQL', { timeout: MS_MAX }, () => {
  // promise: (A wrong master key, another installation's journal, a directory in use and a newer schema without a way back still do
  test('is refused in one line where it cannot be, takes everything with it where it can, and leaves the old database unused', async () => {
    opened = await openTestDatabase('postgresql');
    const env = { DATABASE_URL: opened.url as string };
    const before = await startGateway({});
    const here = { HEADGATE_DATA_DIR: before.dataDir };
    const written = await write(before, 12);
    const answers = await readAll(before, written);
    const beside = await headgate({ ...here, ...env }, 'move');
    expect(beside).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/^headgate: [^\n]+ is in use by [^\n]+\n$/) });
    // What was answered a moment ago may be in the journal alone.
    const last = await chat(before, written.secrets[0] as string, 'kept');
    await before.kill();
    await refusals(here, opened);

    const moved = await headgate({ ...here, ...env }, 'move');
    expect(moved).toMatchObject({ code: 0, out: expect.stringMatching(/tables with [\d,]+ rows are the same on both sides/) });
    expect(moved.out).toMatch(/2 audit chains intact|3 audit chains intact/);
    expect(existsSync(path.join(before.dataDir, 'database'))).toBe(false);
    expect(existsSync(path.join(before.dataDir, 'database.moved'))).toBe(true);

    const after = await startGateway({ dataDir: before.dataDir, env, adminToken: before.adminToken });
    try {
      const lastId = last.headers.get('x-request-id') as string;
      await expect.poll(() => statusOf(after, written.organizationId, lastId), { timeout: 10_000 }).toBe('succeeded');
      expect(await compare(withoutUse(answers), after, written)).toMatchObject({ holds: true, details: [] });
    } finally {
      await after.stop();
    }

    const forgotten = await headgate(here, 'admin-token');
    expect(forgotten).toMatchObject({ code: 1, out: '', err: expect.stringContaining('Set DATABASE_URL to the database') });
    const again = await headgate({ ...here, ...env }, 'move');
    expect(again).toMatchObject({ code: 1, out: '', err: expect.stringContaining('has no embedded database') });
  });
});

/** Each is one line, and leaves both sides as they were. */
async function refusals(here: { readonly HEADGATE_DATA_DIR: string }, target: TestDatabase): Promise<void> {
  const env = { DATABASE_URL: target.url as string };
  const said = async (settings: Record<string, string>) => {
    const { code, out, err } = await headgate(settings, 'move');
    return { code, out, last: err.trimEnd().split('\n').at(-1) };
  };
  await target.db.execute(
    "insert into organizations (id, slug, name, time_zone) values ('org_theirs', 'theirs', 'Theirs', 'UTC')",
  );
  const taken =
    'headgate: The target database already has an installation. Nothing was changed. Set DATABASE_URL to an empty database.';
  expect(await said({ ...here, ...env })).toEqual({ code: 1, out: '', last: taken });
  const { rows } = await target.db.execute('select id from organizations');
  expect(rows).toEqual([{ id: 'org_theirs' }]);
  await target.db.execute('truncate organizations cascade');
  expect(await headgate(here, 'move')).toMatchObject({ code: 2, err: expect.stringContaining('DATABASE_URL is missing') });
  const nowhere = { ...env, HEADGATE_DATA_DIR: temporaryDirectory() };
  expect(await said(nowhere)).toMatchObject({ code: 1, out: '', last: expect.stringContaining('has no embedded database') });
  const away = { ...here, DATABASE_URL: 'postgres://postgres@127.0.0.1:9/nothing' };
  expect(await headgate(away, 'move')).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/^headgate: [^\n]+\n$/) });
}

/** The last request came after these questions were asked, so what adds requests up has one more by now. */
function withoutUse(answers: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(answers).filter(([question]) => !/^\/(usage|requests)\?/.test(question)));
}

async function statusOf(gateway: Gateway, organizationId: string, requestId: string): Promise<string | null> {
  const { data } = await gateway.admin<{ data: { id: string; status: string }[] }>(
    'GET',
    `/requests?organization_id=${organizationId}&limit=200`,
  );
  return data.find(({ id }) => id === requestId)?.status ?? null;
}
