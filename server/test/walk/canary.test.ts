/** Canaries: which requests go to one, and what never does. */
import { describe, expect, test } from 'vitest';
import { routingBody } from '../../src/domain/decision/attempts-made.ts';
import { canaryDraw, isInCanary } from '../../src/domain/routing/canary.ts';
import type { CallableTarget } from '../../src/domain/routing/catalogue.ts';
import { endLine } from '../../src/ledger/lines.ts';
import { parseEnd } from '../../src/ledger/parse-lines.ts';
import type { EndRecord } from '../../src/ledger/records.ts';
import { answersByModel } from '../support/answers-by-model.ts';
import { chatAnswer, chatUsage } from '../support/played-provider.ts';
import { deployment, type House, model } from '../support/walk.ts';
import { HELLO, withHouse } from '../support/with-house.ts';

const { open: openHouse } = withHouse();

const answers = {
  up: { json: chatAnswer('Hello.', chatUsage(20, 6)) },
  fails: { status: 500, json: { error: { message: 'down' } } },
};
const at = (id: string, more: object = {}) => deployment({ id, upstreamModel: 'up', ...more });
const OLD = at('dep_old');
const NEW = at('dep_new', { weight: 100 });
const CANARY = { deploymentId: 'dep_new', permille: 300 };

async function open(targets: readonly CallableTarget[], plan: House = {}) {
  const { provider, sent } = answersByModel(answers);
  return Object.assign(await openHouse({ targets, provider, ...plan }), { sent, to: () => sent.map(({ to }) => to) });
}

const ofSession = (session: string) => ({ headers: ['x-headgate-session', session] });
const isIn = (session: string, permille = 300) => isInCanary({ permille }, canaryDraw('org_1', session, 'fast'));
const SESSIONS = Array.from({ length: 60 }, (_, index) => `session ${index}`);
const IN = SESSIONS.find((one) => isIn(one)) ?? '';
const OUT = SESSIONS.find((one) => !isIn(one)) ?? '';

function routingOf(row: EndRecord | undefined) {
  if (row === undefined) throw new Error('there is no row');
  return routingBody({ ...row, tried: parseEnd(endLine(row)).tried ?? null });
}

describe('a canary', () => {
  test.each(['weighted', 'priority', 'least_busy', 'cheapest'] as const)(
    'of a name by %s gets exactly its sessions',
    async (strategy) => {
      const house = await open([model('fast', [OLD, NEW], { strategy, canary: CANARY })]);
      for (const session of SESSIONS) await house.ask(HELLO, ofSession(session));
      expect(house.to()).toEqual(SESSIONS.map((session) => (isIn(session) ? 'dep_new' : 'dep_old')));
      for (const [index, session] of SESSIONS.entries()) {
        const routing = routingOf(house.rows[index]);
        expect(routing?.canary ?? false).toBe(isIn(session));
        if (isIn(session))
          expect(routing).toMatchObject({ strategy, candidates: [{ deployment_id: 'dep_new' }, { deployment_id: 'dep_old' }] });
      }
    },
  );

  test('shares requests without a session by chance', async () => {
    let drawn = 0;
    const random = () => drawn;
    const house = await open([model('fast', [OLD, NEW], { canary: CANARY })], { gateway: { random } });
    for (drawn of [0, 0.299, 0.3, 0.999]) await house.ask(HELLO);
    expect(house.to()).toEqual(['dep_new', 'dep_new', 'dep_old', 'dep_old']);
  });

  test('moves no session back while its share grows, and all of them when it ends', async () => {
    const house = await open([model('fast', [OLD, NEW], { canary: CANARY })]);
    const served = async (canary: CallableTarget['canary']) => {
      await house.change({
        targets: [model('fast', [OLD, at('dep_new', { weight: 0, priority: 9 })], { canary: canary ?? null })],
      });
      const before = house.to().length;
      for (const session of SESSIONS) await house.ask(HELLO, ofSession(session));
      return house
        .to()
        .slice(before)
        .map((to) => to === 'dep_new');
    };
    const [few, more, none] = [await served(CANARY), await served({ ...CANARY, permille: 600 }), await served(null)];
    expect(few.every((was, index) => !was || more[index] === true)).toBe(true);
    expect(more.filter(Boolean).length).toBeGreaterThan(few.filter(Boolean).length);
    expect(none).toEqual(SESSIONS.map(() => false));
  });

  test('that fails is left for the others, and serves the rest only after all others failed', async () => {
    const broken = await open([model('fast', [OLD, at('dep_new', { upstreamModel: 'fails' })], { canary: CANARY })]);
    expect((await broken.ask(HELLO, ofSession(IN))).status).toBe(200);
    expect(broken.to()).toEqual(['dep_new', 'dep_old']);
    const last = await open([
      model('fast', [at('dep_old', { upstreamModel: 'fails' }), NEW], { canary: CANARY, fallbacks: ['other'] }),
      model('other', [at('dep_9')]),
    ]);
    expect((await last.ask(HELLO, ofSession(OUT))).status).toBe(200);
    expect(last.to()).toEqual(['dep_old', 'dep_new']);
  });

  test('at its capacity does not go first', async () => {
    const house = await open([
      model('fast', [OLD, at('dep_new', { limits: { rpm: 1, tpm: null }, priority: 1 })], { canary: CANARY }),
    ]);
    for (let n = 0; n < 2; n += 1) await house.ask(HELLO, ofSession(IN));
    expect(house.to()).toEqual(['dep_new', 'dep_old']);
  });

  test('leaves a request outside of it no trace, and disabled or gone it is none', async () => {
    const house = await open([model('fast', [OLD, NEW], { canary: CANARY })]);
    await house.ask(HELLO, ofSession(OUT));
    expect(house.rows[0]?.tried).toBe(null);
    for (const members of [[OLD, at('dep_new', { enabled: false })], [OLD]]) {
      await house.change({ targets: [model('fast', members, { canary: CANARY })] });
      await house.ask(HELLO, ofSession(IN));
    }
    expect(new Set(house.to())).toEqual(new Set(['dep_old']));
  });
});

describe('a canary at another target', () => {
  const other = model('next', [at('dep_9')]);
  const called = model('fast', [OLD], { canary: { target: 'next', permille: 300 } });

  test('gets its sessions, and no others even if the called name fails', async () => {
    const house = await open([called, other]);
    for (const session of SESSIONS) await house.ask(HELLO, ofSession(session));
    expect(house.to()).toEqual(SESSIONS.map((session) => (isIn(session) ? 'dep_9' : 'dep_old')));
    const broken = await open(
      [model('fast', [at('dep_old', { upstreamModel: 'fails' })], { canary: called.canary ?? null }), other],
      {
        gateway: { random: () => 0.9 },
      },
    );
    expect((await broken.ask(HELLO, ofSession(OUT))).status).toBe(502);
    expect(broken.to()).not.toContain('dep_9');
  });

  // promise: Fallback to another *target* needs that target in the effective set.
  test('needs the access of the key: without it the key has no canary', async () => {
    const key = { access: { mode: 'restrict', targets: ['fast'], accessGroups: [] } } as const;
    const house = await open([called, other], { key });
    for (const session of SESSIONS) await house.ask(HELLO, ofSession(session));
    expect(new Set(house.to())).toEqual(new Set(['dep_old']));
    expect(house.rows.every(({ tried }) => tried === null)).toBe(true);
  });

  // promise: each target of a fallback chain is judged by itself, and required tags hold there too.
  test('never leaves a required tag', async () => {
    const key = { tags: { defaults: [], required: ['eu'] } };
    const tagged = model('fast', [at('dep_old', { tags: ['eu'] })], { canary: { target: 'next', permille: 1_000 } });
    const house = await open([tagged, other], { key });
    await house.ask(HELLO, ofSession(IN));
    expect(house.to()).toEqual(['dep_old']);
    await house.change({ targets: [tagged, model('next', [at('dep_9', { tags: ['eu'] }), at('dep_8')])] });
    await house.ask(HELLO, ofSession(IN));
    expect(house.to()).toEqual(['dep_old', 'dep_9']);
  });
});
