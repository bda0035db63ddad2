/** Sessions that stay with one deployment. */
import { describe, expect, test } from 'vitest';
import { deployment, model } from '../support/walk.ts';
import { HELLO, withHouse } from '../support/with-house.ts';

const { open: openHouse } = withHouse();

const FIVE = ['dep_1', 'dep_2', 'dep_3', 'dep_4', 'dep_5'].map((id) => deployment({ id }));

function open(sticky: boolean, of = FIVE) {
  // The draws of chance differ each time, so that only a session can make requests stay together.
  let draws = 0;
  const random = () => {
    draws += 1;
    return (draws * 0.618_033_988_7) % 1;
  };
  return openHouse({ targets: [model('fast', of, { sticky, strategy: 'weighted' })], gateway: { random } });
}

const WAYS: readonly (readonly [string, { readonly headers?: readonly string[]; readonly body?: object }])[] = [
  ['x-headgate-session', { headers: ['x-headgate-session', 's1'] }],
  ['prompt_cache_key', { body: { prompt_cache_key: 's1' } }],
  ['x-claude-code-session-id', { headers: ['x-claude-code-session-id', 's1'] }],
  ['session-id', { headers: ['session-id', 's1'] }],
  ['x-session-affinity', { headers: ['x-session-affinity', 's1'] }],
];

async function placesOf(house: Awaited<ReturnType<typeof open>>, way: (typeof WAYS)[number][1], count = 12) {
  const before = house.rows.length;
  for (let n = 0; n < count; n += 1) await house.ask({ ...HELLO, ...way.body }, { headers: way.headers ?? [] });
  return new Set(house.rows.slice(before).map(({ deploymentId }) => deploymentId));
}

describe('a session', () => {
  test.each(WAYS)('named by %s stays with one deployment', async (_, way) => {
    const house = await open(true);
    expect((await placesOf(house, way)).size).toBe(1);
    expect(house.rows[0]?.tried?.[0]?.compared).toMatchObject({ strategy: 'weighted', bySession: true });
  });

  test('of one name is the same however it is named, and the gateway’s own header counts first', async () => {
    const house = await open(true);
    const all = new Set<string | null>();
    for (const [, way] of WAYS) for (const place of await placesOf(house, way, 1)) all.add(place);
    expect(all.size).toBe(1);
    const headers = ['session-id', 'other', 'x-headgate-session', 's1'];
    expect(await placesOf(house, { headers, body: { prompt_cache_key: 'third' } }, 3)).toEqual(all);
  });

  test('goes elsewhere while its deployment is cooling, and returns', async () => {
    const house = await open(true);
    const way = { headers: ['x-headgate-session', 's1'] };
    const [home] = await placesOf(house, way);
    if (home === null || home === undefined) throw new Error('nobody served');
    for (let n = 0; n < 3; n += 1) house.gateway.health.failed(home, null);
    const away = await placesOf(house, way);
    expect(away.size).toBe(1);
    expect(away.has(home)).toBe(false);
    house.gateway.health.succeeded(home);
    expect(await placesOf(house, way)).toEqual(new Set([home]));
  });

  test('is nothing to a target that is not sticky, nor a request without one to a sticky target', async () => {
    const loose = await open(false);
    expect((await placesOf(loose, { headers: ['x-headgate-session', 's1'] })).size).toBeGreaterThan(1);
    const sticky = await open(true);
    expect((await placesOf(sticky, {})).size).toBeGreaterThan(1);
    expect(sticky.rows.every(({ tried }) => tried === null)).toBe(true);
  });
});
