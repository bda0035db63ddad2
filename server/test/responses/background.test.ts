/** Responses in the background and conversations over a database: across processes, and when they end. */
import { eq } from 'drizzle-orm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dropResponsesJob } from '../../src/jobs/months/drop-responses.ts';
import { systemClock } from '../../src/lib/timing/clock.ts';
import type { ConversationsState } from '../../src/proxy/responses/conversations-state.ts';
import type { ResponsesState } from '../../src/proxy/responses/responses-state.ts';
import { conversationItems, conversations, storedResponses, teams } from '../../src/store/schema.ts';
import { until } from '../jobs/support.ts';
import { onEveryDatabase } from '../support/database.ts';
import type { WalkHouse } from '../support/walk.ts';
import {
  allStored,
  callerAt,
  insertTenants,
  openConversations,
  openState,
  openTenant,
  response,
  storeOver,
  teamOf,
} from './site.ts';

const READ_MS_MAX = 20_000;
const SECRET = 'what nobody else may read';

onEveryDatabase('responses in the background and conversations', (given) => {
  let nowMs = 0;
  const clock = { nowMs: () => nowMs, monotonicMs: () => systemClock.monotonicMs() };
  let states: ResponsesState[] = [];
  let talks: ConversationsState;
  let house: WalkHouse;

  const process = () => {
    const state = openState({ store: storeOver(given().db), clock, readMsMax: READ_MS_MAX });
    states.push(state);
    return state;
  };
  beforeEach(async () => {
    nowMs = systemClock.nowMs();
    await insertTenants(given().db);
    talks = openConversations(given().db, clock);
    house = await openTenant('org_a', 'team', process(), { conversations: talks });
  });
  afterEach(async () => {
    await house.close();
    await talks.close();
    for (const state of states) await state.close();
    states = [];
  });
  const run = () => dropResponsesJob().run({ database: given(), clock, signal: new AbortController().signal, warn: () => {} });
  const running = () => response({ status: 'in_progress', response: { status: 'queued', background: true } as object });

  test('another process finds it in progress, and cancels it: its own process learns of it and ends it', async () => {
    const caller = await callerAt(house, 0);
    const [own, other] = [states[0] as ResponsesState, process()];
    const kept = running();
    const run = await own.background.begin(caller, kept, 100);
    let cuts = 0;
    run.cut = () => {
      cuts += 1;
    };
    expect((await other.find(caller, kept.id))?.response).toMatchObject({ status: 'in_progress', background: true });
    expect((await other.cancel(caller, kept.id))?.response).toMatchObject({ status: 'cancelled' });
    await until(() => cuts > 0);
    // Its end changes nothing any more.
    own.background.end(run, { status: 'completed', response: { output: [] }, message: '' });
    await allStored(own);
    expect((await own.find(caller, kept.id))?.response.status).toBe('cancelled');
    expect((await own.cancel(caller, kept.id))?.response.status).toBe('cancelled');
  });

  test('its process vouches for it, and without that it is failed for everybody', async () => {
    const caller = await callerAt(house, 0);
    const [own, other] = [states[0] as ResponsesState, process()];
    const kept = running();
    const run = await own.background.begin(caller, kept, 100);
    nowMs += 29_000;
    await until(async () => (await rowOf(kept.id))?.runningUntil?.getTime() === nowMs + 30_000);
    nowMs += 29_000;
    expect((await other.find(caller, kept.id))?.response.status).toBe('in_progress');
    // As if it were killed: it vouches no more.
    own.background.close();
    nowMs += 60_000;
    const failed = await other.find(caller, kept.id);
    expect(failed?.response).toMatchObject({ status: 'failed', error: { code: 'server_error' } });
    expect((await other.cancel(caller, kept.id))?.response.status).toBe('failed');
    await expect(other.history(caller, kept.id)).rejects.toMatchObject({ status: 400, param: 'previous_response_id' });
    own.background.end(run, { status: 'failed', response: null, message: 'over' });
    await allStored(own);
  });

  test('one that is deleted is not stored again by its end', async () => {
    const caller = await callerAt(house, 0);
    const own = states[0] as ResponsesState;
    const kept = running();
    const run = await own.background.begin(caller, kept, 100);
    expect(await own.remove(caller, kept.id)).toBe(true);
    own.background.end(run, { status: 'completed', response: { output: [] }, message: '' });
    await allStored(own);
    expect(await rowOf(kept.id)).toBeUndefined();
  });

  test('one whose answer is too large to be stored is failed, and says why', async () => {
    const caller = await callerAt(house, 0);
    const own = states[0] as ResponsesState;
    const kept = running();
    const run = await own.background.begin(caller, kept, 100);
    own.background.end(run, { status: 'completed', response: { output: ['x'.repeat(5 * 1024 * 1024)] }, message: '' });
    await allStored(own);
    const found = await own.find(caller, kept.id);
    expect(found?.response).toMatchObject({ status: 'failed', error: { message: expect.stringContaining('can be stored') } });
    await expect(own.background.begin(caller, response({ input: ['x'.repeat(5 * 1024 * 1024)] }), 1)).rejects.toMatchObject({
      ...{ status: 400, param: 'input' },
    });
    expect(own.background.count).toBe(0);
  });

  test('a conversation is found by its team, keeps its order, and has nothing readable in its rows', async () => {
    const [first, second, third] = await Promise.all([0, 1, 2].map((key) => callerAt(house, key)));
    if (first === undefined || second === undefined || third === undefined) throw new Error('a key is missing');
    const { id } = await talks.create(first, { topic: SECRET }, [{ role: 'user', content: SECRET }]);
    // Of many that add at once, none is lost, and each stays together.
    await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        talks.append(second, id, [
          { at, part: 1 },
          { at, part: 2 },
        ]),
      ),
    );
    const items = await talks.items(second, id);
    expect(items).toHaveLength(41);
    for (let at = 1; at < 41; at += 2)
      expect([items[at]?.part, items[at + 1]?.part, items[at]?.at]).toEqual([1, 2, items[at + 1]?.at]);
    expect(new Set(items.map((item) => item.id)).size).toBe(41);
    await expect(talks.find(third, id)).rejects.toMatchObject({ status: 404 });
    await expect(talks.history(third, id, 1)).rejects.toMatchObject({ status: 404, param: 'conversation' });
    const row = await given().db.select().from(conversations).where(eq(conversations.id, id));
    const rows = await given().db.select().from(conversationItems);
    const bytes = Buffer.concat([...row.map((one) => one.sealedMetadata), ...rows.map((one) => one.sealed)]);
    expect(bytes.includes(SECRET)).toBe(false);
    expect(row[0]).toMatchObject({ items: 41, bytes: rows.reduce((sum, one) => sum + one.sealed.length, 0) });
    const removed = items[1]?.id ?? '';
    await talks.removeItem(first, id, removed);
    await talks.append(first, id, [{ last: true }]);
    const after = await talks.items(first, id);
    expect([after.length, after.some((item) => item.id === removed), after.at(-1)?.last]).toEqual([41, false, true]);
    await expect(talks.removeItem(first, id, removed)).rejects.toMatchObject({ status: 404 });
  });

  test('a conversation ends 30 days after its last item, and with its team; what is added then is dropped', async () => {
    const caller = await callerAt(house, 0);
    const day = 86_400_000;
    const old = await talks.create(caller, {}, []);
    const used = await talks.create(caller, {}, []);
    nowMs += 29 * day;
    await talks.append(caller, used.id, [{ role: 'user', content: 'still here' }]);
    nowMs += 2 * day;
    await expect(talks.find(caller, old.id)).rejects.toMatchObject({ status: 404 });
    expect((await talks.find(caller, used.id)).id).toBe(used.id);
    expect(await run()).toContain('Deleted 1 expired');
    await given()
      .db.update(teams)
      .set({ deletedAt: new Date() })
      .where(eq(teams.id, teamOf('org_a', 1)));
    await expect(talks.find(caller, used.id)).rejects.toMatchObject({ status: 404 });
    expect(await run()).toContain('and 1 of deleted teams');
    await talks.append(caller, used.id, [{ late: true }]);
    expect(await given().db.select().from(conversations)).toEqual([]);
    expect(await given().db.select().from(conversationItems)).toEqual([]);
  });

  async function rowOf(id: string) {
    const [row] = await given().db.select().from(storedResponses).where(eq(storedResponses.id, id));
    return row;
  }
});
