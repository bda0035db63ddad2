/** The stored state of the Responses API over a database: who finds what, and when it ends. */
import { eq, sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RESPONSES_SCOPES, type ResponsesScope } from '../../src/domain/tenancy/tenancy.ts';
import { dropResponsesJob } from '../../src/jobs/months/drop-responses.ts';
import { newId } from '../../src/lib/id.ts';
import { systemClock } from '../../src/lib/timing/clock.ts';
import type { Refusal } from '../../src/proxy/refusal.ts';
import { CHAIN_BOUNDS, type ResponsesState } from '../../src/proxy/responses/responses-state.ts';
import { loadOrganization } from '../../src/store/configuration/load-organization.ts';
import { countLiving } from '../../src/store/responses/stored-responses.ts';
import { organizations, RESPONSE_BYTES_MAX, storedResponses } from '../../src/store/schema.ts';
import * as teamRows from '../../src/store/tenancy/teams.ts';
import { onEveryDatabase } from '../support/database.ts';
import type { Said, WalkHouse } from '../support/walk.ts';
import {
  allStored,
  callerAt,
  insertTenants,
  ORGANIZATIONS,
  openState,
  openTenant,
  response,
  storeOver,
  TEAM_OF,
  teamOf,
} from './site.ts';

const READ_MS_MAX = 20_000;

const DAY_MS = 86_400_000;
/** As OpenAI makes them. */
const RAW_UPSTREAM_ID = 'resp_68a1f0c2d3e48190b7c6d5e4f3a2b1c00fedcba987654321';

interface Made {
  readonly id: string;
  readonly organization: string;
  readonly key: number;
}

onEveryDatabase('stored responses', (given) => {
  let state: ResponsesState;
  let houses: WalkHouse[] = [];
  let nowMs = 0;
  const clock = { nowMs: () => nowMs, monotonicMs: () => systemClock.monotonicMs() };

  beforeEach(async () => {
    nowMs = systemClock.nowMs();
    await insertTenants(given().db);
    state = openState({ store: storeOver(given().db), clock, readMsMax: READ_MS_MAX });
  });
  afterEach(async () => {
    await Promise.all(houses.map((house) => house.close()));
    houses = [];
    await state.close();
  });

  async function open(scope: ResponsesScope | null, id: string = 'org_a'): Promise<WalkHouse> {
    const house = await openTenant(id, scope, state);
    houses.push(house);
    return house;
  }
  const get = (house: WalkHouse, key: number, path: string, method = 'GET', query = ''): Promise<Said> =>
    house.ask(null, { method, path: `/v1/responses/${path}`, query, secret: house.secrets[key] as string });
  /** What a request with `previous_response_id` gets: its items, or the refusal. */
  const history = async (house: WalkHouse, key: number, id: string) => {
    try {
      return { items: (await state.history(await callerAt(house, key), id)).items };
    } catch (error) {
      const { status, code, param, message } = error as Refusal;
      return { refused: [status, code, param, message.replaceAll(id, '{id}')] };
    }
  };
  const run = (signal = new AbortController().signal) =>
    dropResponsesJob().run({ database: given(), clock, signal, warn: () => {} });
  const rows = async () => (await given().db.select({ id: storedResponses.id }).from(storedResponses)).map(({ id }) => id);
  const NOT_FOUND = [400, 'previous_response_not_found', 'previous_response_id', "Previous response with id '{id}' not found."];

  // promise: A stored response that the caller may not find,
  test.each(RESPONSES_SCOPES)(
    'three tenants on every path find their own with the scope %s, and of all others the same answer as of none',
    async (scope) => {
      const tenants = await Promise.all(ORGANIZATIONS.map((id) => open(scope, id)));
      const made: Made[] = [];
      for (const [at, house] of tenants.entries()) {
        for (const key of TEAM_OF.keys()) {
          const kept = response();
          state.keep(await callerAt(house, key), kept);
          made.push({ id: kept.id, organization: ORGANIZATIONS[at] as string, key });
        }
      }
      await allStored(state);
      const asked = [
        ...made,
        ...[newId('resp'), RAW_UPSTREAM_ID, 'resp_', '%00', "resp_' or true"].map((id) => ({ id, organization: 'none', key: 0 })),
      ];
      const leaks: string[] = [];
      let [found, refused] = [0, 0];
      const askOne = async (at: number, key: number, one: Made) => {
        const house = tenants[at] as WalkHouse;
        const isOurs = one.organization === ORGANIZATIONS[at];
        const mayFind =
          isOurs && (scope === 'organization' || (TEAM_OF[key] === TEAM_OF[one.key] && (scope === 'team' || key === one.key)));
        const [read, items, cancelled, past, deleted] = await Promise.all([
          get(house, key, one.id),
          get(house, key, `${one.id}/input_items`),
          get(house, key, `${one.id}/cancel`, 'POST'),
          history(house, key, one.id),
          mayFind ? null : get(house, key, one.id, 'DELETE'),
        ]);
        const where = `${ORGANIZATIONS[at]} key ${key} of ${one.organization} key ${one.key} ${one.id}`;
        if (mayFind) {
          found += 1;
          if (read.status !== 200 || items.status !== 200 || cancelled.status !== 400 || past.items?.length !== 2)
            leaks.push(`not found: ${where}`);
          return;
        }
        refused += 1;
        for (const said of [read, items, cancelled, deleted as Said]) {
          const { error } = said.json();
          const words = [said.status, error.code, error.param, String(error.message).replaceAll(one.id, '{id}')];
          if (JSON.stringify(words) !== JSON.stringify([404, 'not_found', null, "Response with id '{id}' not found."]))
            leaks.push(`${where}: ${said.status} ${said.text}`);
        }
        if (JSON.stringify(past) !== JSON.stringify({ refused: NOT_FOUND })) leaks.push(`${where}: ${JSON.stringify(past)}`);
      };
      for (const at of tenants.keys())
        for (const key of TEAM_OF.keys()) await Promise.all(asked.map((one) => askOne(at, key, one)));
      expect(leaks).toEqual([]);
      const expected = { key: 9, team: 15, organization: 27 }[scope];
      expect([found, found + refused]).toEqual([expected, 9 * asked.length]);
      // What others tried to delete is all there.
      expect((await rows()).sort()).toEqual(made.map(({ id }) => id).sort());
    },
    60_000,
  );

  test('a chain is read in order with the items of each response, also while its newest are not stored yet', async () => {
    const house = await open('team');
    const caller = await callerAt(house, 0);
    const chain = [response()];
    for (let at = 1; at < 5; at += 1) chain.push(response({ previousId: chain.at(-1)?.id as string }));
    const items = chain.flatMap(({ input, response: { output } }) => [...input, ...(output as object[])]);
    for (const one of chain.slice(0, 3)) state.keep(caller, one);
    await allStored(state);
    for (const one of chain.slice(3)) state.keep(caller, one);
    await new Promise((resolve) => setImmediate(resolve));
    const last = chain.at(-1)?.id as string;
    expect((await state.history(caller, last)).items).toEqual(items);
    await allStored(state);
    // Another key of the team, and another process.
    const other = openState({ store: storeOver(given().db), clock, readMsMax: READ_MS_MAX });
    const read = await other.history(await callerAt(house, 1), last);
    expect([read.items, read.links]).toEqual([items, 5]);
    expect(read.bytes).toBeGreaterThan(items.length * 20);
  });

  test('a chain with a link that is gone, or of somebody else, is not found, and never read without it', async () => {
    const house = await open('team');
    const [own, other] = [await callerAt(house, 0), await callerAt(house, 2)];
    const foreign = response();
    state.keep(other, foreign);
    const [first, onForeign] = [response(), response({ previousId: foreign.id })];
    const middle = response({ previousId: first.id });
    const last = response({ previousId: middle.id });
    for (const one of [first, middle, last, onForeign]) state.keep(own, one);
    await allStored(state);
    expect(await history(house, 0, onForeign.id)).toEqual({ refused: NOT_FOUND });
    expect((await history(house, 0, last.id)).items).toHaveLength(6);
    expect((await get(house, 0, middle.id, 'DELETE')).json()).toEqual({ id: middle.id, object: 'response', deleted: true });
    expect(await history(house, 0, last.id)).toEqual({ refused: NOT_FOUND });
    expect((await get(house, 0, last.id)).status).toBe(200);
    expect((await get(house, 0, middle.id, 'DELETE')).status).toBe(404);
  });

  test('a chain that is too long or too large is refused, without being read', async () => {
    const house = await open('team');
    const caller = await callerAt(house, 0);
    const ids = Array.from({ length: CHAIN_BOUNDS.linksMax + 1 }, () => newId('resp'));
    for (const [at, id] of ids.entries()) state.keep(caller, response({ id, previousId: ids[at - 1] ?? null }));
    await allStored(state);
    const refused = [400, 'invalid_request', 'previous_response_id'];
    expect((await history(house, 0, ids.at(-1) as string)).refused?.slice(0, 3)).toEqual(refused);
    expect(await history(house, 2, ids.at(-1) as string)).toEqual({ refused: NOT_FOUND });
    expect((await history(house, 0, ids.at(-2) as string)).items).toHaveLength(2 * CHAIN_BOUNDS.linksMax);
    const large = Array.from({ length: 3 }, () => newId('resp'));
    const input = [{ role: 'user', content: 'x'.repeat(3 * 1024 * 1024) }];
    for (const [at, id] of large.entries()) state.keep(caller, response({ id, previousId: large[at - 1] ?? null, input }));
    await allStored(state);
    expect((await history(house, 0, large[2] as string)).refused?.slice(0, 3)).toEqual(refused);
    expect((await history(house, 0, large[1] as string)).items).toHaveLength(4);
  }, 60_000);

  test('an answer of another process that is still being stored is found a moment later', async () => {
    const house = await open('team');
    const kept = response();
    const reading = state.history(await callerAt(house, 0), kept.id);
    const other = openState({ store: storeOver(given().db), clock, readMsMax: READ_MS_MAX });
    setTimeout(async () => other.keep(await callerAt(house, 0), kept), 20);
    expect((await reading).items).toHaveLength(2);
    await allStored(other);
  });

  test('nothing that was said is in any row of the database', async () => {
    const canary = 'the merger is on friday';
    const house = await open('team');
    const said = response({ input: [{ role: 'user', content: canary }], response: { output: [{ content: canary }] } });
    state.keep(await callerAt(house, 0), said);
    await allStored(state);
    expect(await rows()).toEqual([said.id]);
    const tables = await given().db.execute<{ name: string }>(
      sql`select quote_ident(table_name) as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
    );
    expect(tables.rows.length).toBeGreaterThan(40);
    for (const { name } of tables.rows) {
      const { rows: found } = await given().db.execute(
        sql`select 1 from ${sql.raw(name)} as one where one::text like ${`%${canary}%`} or one::text like ${`%${Buffer.from(canary).toString('hex')}%`}`,
      );
      expect([name, found.length]).toEqual([name, 0]);
    }
  });

  test('sealed values open in no other row, not as the other value, and not with another organization’s key', async () => {
    const [house, stranger] = [await open('team'), await open('team', 'org_b')];
    const [one, two] = [response(), response()];
    for (const kept of [one, two]) state.keep(await callerAt(house, 0), kept);
    await allStored(state);
    const set = (text: string) => given().db.execute(sql.raw(text));
    await set(
      `update stored_responses set sealed_input = (select sealed_input from stored_responses where id = '${two.id}') where id = '${one.id}'`,
    );
    await expect(state.find(await callerAt(house, 0), one.id)).rejects.toThrow('could not be decrypted');
    await set(`update stored_responses set sealed_input = sealed_output where id = '${two.id}'`);
    await expect(state.find(await callerAt(house, 0), two.id)).rejects.toThrow('could not be decrypted');
    const there = await callerAt(stranger, 0);
    await set(`update stored_responses set organization_id = 'org_b', team_id = '${there.team.id}'`);
    await expect(state.find(there, two.id)).rejects.toThrow('could not be decrypted');
  });

  describe('the end of a response', () => {
    test('comes after 30 days: it is found no more at once, and deleted by the job, in batches', async () => {
      const house = await open('team');
      const caller = await callerAt(house, 0);
      const [old, young] = [response(), response()];
      state.keep(caller, old);
      await allStored(state);
      nowMs += 29 * DAY_MS;
      state.keep(caller, young);
      await allStored(state);
      expect((await get(house, 0, old.id)).status).toBe(200);
      expect(await run()).toBe('Deleted 0 expired responses and conversations, and 0 of deleted teams and organizations.');
      nowMs += DAY_MS + 1;
      expect((await get(house, 0, old.id)).status).toBe(404);
      expect(await history(house, 0, old.id)).toEqual({ refused: NOT_FOUND });
      const row = {
        organizationId: 'org_a',
        teamId: 'team_1',
        keyId: 'key_1',
        status: 'completed',
        model: 'fast',
        previousId: null,
      };
      const past = {
        ...row,
        expiresAt: new Date(nowMs - 1),
        sealedInput: Buffer.alloc(1),
        sealedOutput: Buffer.alloc(1),
        bytes: 2,
      };
      await given()
        .db.insert(storedResponses)
        .values(Array.from({ length: 1_100 }, () => ({ ...past, id: newId('resp') })));
      expect(await countLiving(given().db, 'org_a', new Date(nowMs))).toBe(1);
      expect(await run()).toBe('Deleted 1101 expired responses and conversations, and 0 of deleted teams and organizations.');
      expect(await rows()).toEqual([young.id]);
      const stopped = new AbortController();
      stopped.abort();
      await expect(run(stopped.signal)).rejects.toThrow('stopped');
    });

    test('comes with its team, at once for every scope; those of other teams stay', async () => {
      const house = await open('organization');
      const [ours, theirs] = [response(), response()];
      state.keep(await callerAt(house, 0), ours);
      state.keep(await callerAt(house, 2), theirs);
      await allStored(state);
      expect((await get(house, 2, ours.id)).status).toBe(200);
      await teamRows.markDeleted(given().db, { organizationId: 'org_a', id: teamOf('org_a', 1) }, new Date());
      // The key of the other team: this process has not heard of the deletion yet.
      expect((await get(house, 2, ours.id)).status).toBe(404);
      expect(await history(house, 2, ours.id)).toEqual({ refused: NOT_FOUND });
      expect(await run()).toBe('Deleted 0 expired responses and conversations, and 1 of deleted teams and organizations.');
      expect(await rows()).toEqual([theirs.id]);
    });

    // promise: A stored response ends with its team or organization;
    test('comes with its organization; those of others stay', async () => {
      const [gone, stays] = [await open('team'), await open('team', 'org_b')];
      const [ours, theirs] = [response(), response()];
      state.keep(await callerAt(gone, 0), ours);
      state.keep(await callerAt(stays, 0), theirs);
      await allStored(state);
      await given().db.update(organizations).set({ status: 'deleted', contentKey: null }).where(eq(organizations.id, 'org_a'));
      expect(await run()).toBe('Deleted 0 expired responses and conversations, and 1 of deleted teams and organizations.');
      expect(await rows()).toEqual([theirs.id]);
    });

    // promise: A stored response ends with its team or organization;
    test('does not come with its key: the team’s other keys find it on', async () => {
      const house = await open('team');
      const kept = response();
      state.keep(await callerAt(house, 0), kept);
      await allStored(state);
      await house.change({ key: { status: { is: 'revoked' } } });
      expect((await get(house, 0, kept.id)).status).toBe(401);
      await run();
      expect((await get(house, 1, kept.id)).json()).toMatchObject({ id: kept.id, object: 'response' });
      expect((await history(house, 1, kept.id)).items).toHaveLength(2);
    });
  });

  test('an organization that keeps none stores none and finds none, and says why without asking the database', async () => {
    const keeping = await open('team');
    const kept = response();
    state.keep(await callerAt(keeping, 0), kept);
    await allStored(state);
    let queries = 0;
    const counted = Object.fromEntries(
      Object.entries(storeOver(given().db)).map(([name, query]) => [
        name,
        (...args: never[]) => {
          queries += 1;
          return (query as (...args: never[]) => unknown)(...args);
        },
      ]),
    ) as unknown as Parameters<typeof openState>[0]['store'];
    const watched = openState({ store: counted, clock, readMsMax: READ_MS_MAX });
    const house = await openTenant('org_a', null, watched);
    houses.push(house);
    watched.keep(await callerAt(house, 0), response());
    await allStored(watched);
    await expect(watched.history(await callerAt(house, 0), kept.id)).rejects.toThrow('responses_storage is off');
    const said = await get(house, 0, kept.id);
    expect([said.status, said.json().error.message]).toEqual([404, expect.stringContaining('responses_storage is off')]);
    expect((await get(house, 0, kept.id, 'DELETE')).status).toBe(404);
    expect([queries, await rows()]).toEqual([0, [kept.id]]);
  });

  test('a response above 4 MB, or without a content key, is not stored; that is counted and said', async () => {
    const house = await open('team');
    const lost: unknown[] = [];
    const told = openState({
      store: storeOver(given().db),
      clock,
      readMsMax: READ_MS_MAX,
      onLost: (facts) => void lost.push(facts),
    });
    const caller = await callerAt(house, 0);
    const large = response({ input: [{ content: 'x'.repeat(RESPONSE_BYTES_MAX) }] });
    told.keep(caller, large);
    told.keep({ ...caller, organization: { ...caller.organization, wrappedContentKey: null } }, response());
    const circular: unknown[] = [];
    circular.push(circular);
    told.keep(caller, response({ input: circular }));
    await allStored(told);
    expect(told.read().outcomes).toMatchObject({ stored: 0, too_large: 1, no_key: 1, refused: 1 });
    expect(lost[0]).toMatchObject({ organization_id: 'org_a', response_id: large.id, outcome: 'too_large' });
    expect([lost.length, await rows()]).toEqual([3, []]);
  });

  test('a row that the database refuses spoils no other of its batch', async () => {
    const house = await open('team');
    const caller = await callerAt(house, 0);
    const lost: { response_id?: unknown }[] = [];
    const told = openState({
      store: storeOver(given().db),
      clock,
      readMsMax: READ_MS_MAX,
      onLost: (facts) => void lost.push(facts),
    });
    const [first, second] = [response(), response()];
    // The database takes no NUL in a text.
    const bad = response({ previousId: 'resp_\u0000' });
    for (const one of [response(), first, bad, second]) told.keep(caller, one);
    await allStored(told);
    expect([lost.map(({ response_id }) => response_id), (await rows()).length]).toEqual([[bad.id], 3]);
  });

  test('an organization that a version before wrote keeps none, and its writes leave the settings as they are', async () => {
    const { db } = given();
    await db.execute(sql`insert into organizations (id, slug, name) values ('org_older', 'older', 'Older')`);
    expect((await loadOrganization(db, 'org_older'))?.responses).toBeNull();
    await db
      .update(organizations)
      .set({ responsesStorage: 'keep', responsesScope: 'key' })
      .where(eq(organizations.id, 'org_older'));
    expect((await loadOrganization(db, 'org_older'))?.responses).toBe('key');
    await db.execute(sql`update organizations set name = 'Renamed', version = version + 1 where id = 'org_older'`);
    expect(await loadOrganization(db, 'org_older')).toMatchObject({ name: 'Renamed', responses: 'key' });
  });
});
