/** The houses of one test file: each test opens what it needs, and what it opened is closed after it. */
import { afterEach } from 'vitest';
import { openScene, type Scene, type Setting } from './scene.ts';
import { type House, openHouse, type WalkHouse } from './walk.ts';

/** A short question of a client of OpenAI's. */
export const HELLO = { model: 'fast', max_tokens: 50, messages: [{ role: 'user', content: 'hello' }] };

export interface OpenHouses {
  /** Opens a house for the test that runs. */
  readonly open: (plan?: House) => Promise<WalkHouse>;
  /** Closes a house that was opened elsewhere after the test that runs. */
  readonly keep: <H extends WalkHouse>(house: H) => H;
  /** Returns the house that was opened last. Throws where the test has opened none. */
  readonly present: () => WalkHouse;
}

/** Registers the closing with the suite being described. */
export function withHouse(): OpenHouses {
  const houses: WalkHouse[] = [];
  afterEach(async () => {
    await Promise.all(houses.splice(0).map((house) => house.close()));
  });
  const keep = <H extends WalkHouse>(house: H): H => {
    houses.push(house);
    return house;
  };
  const present = () => {
    const house = houses.at(-1);
    if (house === undefined) throw new Error('this test has opened no house');
    return house;
  };
  return { open: async (plan = {}) => keep(await openHouse(plan)), keep, present };
}

/** The same for houses whose provider and time are played by hand. Returns what opens one. */
export function withScene(): (setting?: Setting) => Promise<Scene> {
  const { keep } = withHouse();
  return async (setting = {}) => {
    const scene = await openScene(setting);
    keep(scene.house);
    return scene;
  };
}
