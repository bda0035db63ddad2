/** No parameter of the admin API holds the event loop, whatever is in it, and none is a defect. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROUTES } from '../../src/admin/http/app.ts';
import { upstream } from '../admin/catalogue-support.ts';
import { withAdmin } from '../admin/support.ts';
import { inParallel } from '../prove/data-plane.ts';
import { hasPostgres, withDatabase } from '../support/database.ts';
import { heldWhile, pieceMs } from '../support/event-loop.ts';
import { ENGINES_VARIABLE } from '../support/migrated-postgres.ts';
import { type HostileCall, hostileCalls, type IdOf } from './hostile-calls.ts';
import { makeIds } from './ids.ts';

/** What a batch may hold the loop for before its calls are looked at one by one. */
const HELD_MS_MAX = 50;
/** A slow machine is slow at everything: a call may hold the loop for 50 ms, or eight times what a known piece of work takes beside it. */
const HELD_PIECES_MAX = 8;
/** All of them before a release, and one of two at every change. */
const EVERY = process.env[ENGINES_VARIABLE] === 'both' ? 1 : 2;
const SHOWN = 10;
const AT_ONCE = 4;
/** A collection of garbage falls on whoever is there: only what holds the loop each time does. */
const TRIES = 3;

/** The embedded engine works in this very thread here, and not in one of its own as in a gateway. */
const world = withAdmin(withDatabase(hasPostgres() ? 'postgresql' : 'embedded'), { upstream });
let idOf: IdOf;

beforeAll(async () => {
  idOf = await makeIds(world().root);
});

test('every operation with hostile values of each parameter', async () => {
  const problems: string[] = [];
  const calls = [...hostileCalls(ROUTES, idOf, 'few')].filter((_, index) => index % EVERY === 0);
  expect(new Set(calls.map(({ name }) => name.split(':')[0])).size).toBeGreaterThan(100);
  for (let at = 0; at < calls.length; at += 40) {
    const batch = calls.slice(at, at + 40);
    const { heldMs, result } = await heldWhile(() => inParallel(batch, AT_ONCE, send));
    for (const [index, status] of result.entries()) if (status >= 500) problems.push(`${batch[index]?.name}: ${status}`);
    if (heldMs > HELD_MS_MAX) problems.push(...(await culprits(batch)));
  }
  expect(problems).toEqual([]);
}, 600_000);

/** Returns the status. A connection that ends before its answer is tried again once: it was kept alive, and closed meanwhile. */
async function send({ name, method, path, body }: HostileCall): Promise<number> {
  const ask = () => world().root(method, path, body ?? undefined);
  const { status } = await ask().catch(() =>
    ask().catch((error: unknown) => {
      throw new Error(`${name} got no answer, twice`, { cause: error });
    }),
  );
  return status;
}

/** The calls that were looked at by themselves: how long each held the loop, the longest first. */
const nearest: { readonly name: string; readonly heldMs: number }[] = [];

afterAll(() => {
  if (nearest.length === 0) return;
  const shown = nearest.toSorted((a, b) => b.heldMs - a.heldMs).slice(0, SHOWN);
  console.log(['The longest that a call held the event loop, in ms:', ...shown.map(lineOf)].join('\n'));
});

const lineOf = ({ name, heldMs }: (typeof nearest)[number]) => `${heldMs.toFixed(0).padStart(5)}  ${name}`;

/** Which of them hold the loop by themselves, each time. */
async function culprits(batch: readonly HostileCall[]): Promise<string[]> {
  const found: string[] = [];
  for (const call of batch) {
    const times: number[] = [];
    while (times.length < TRIES && (times.at(-1) ?? Infinity) > HELD_MS_MAX)
      times.push((await heldWhile(() => send(call))).heldMs);
    const least = Math.min(...times);
    nearest.push({ name: call.name, heldMs: least });
    if (least > Math.max(HELD_MS_MAX, HELD_PIECES_MAX * pieceMs()))
      found.push(`${call.name}: held the event loop for ${Math.round(least)} ms`);
  }
  return found;
}
