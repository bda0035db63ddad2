/** What becomes of a request in flight while what admitted it is changed: the key moved or re-priced, the model labelled otherwise. */
import { describe, expect, test } from 'vitest';
import type { ModelLimit } from '../../src/domain/limits/rate-limit.ts';
import { gatedProvider } from '../support/gated-provider.ts';
import { budget, readingsOf, wallClock } from '../support/policies.ts';
import { deployment, type House, model, type WalkHouse } from '../support/walk.ts';
import { HELLO, withHouse } from '../support/with-house.ts';

const PLENTY = 1e12;
const NOON = Date.parse('2026-07-23T12:00:00Z');
const price = deployment().prices[0] as ReturnType<typeof deployment>['prices'][number];

const { open, present } = withHouse();

/** Admits one request, has `meanwhile` happen while its answer waits, and lets it end. */
async function inFlight(plan: House, body: object, meanwhile: (house: WalkHouse) => Promise<void>) {
  const { provider, waiting, open: release } = gatedProvider();
  const opened = await open({ clock: wallClock(NOON), provider, ...plan });
  const answer = opened.ask(body);
  await waiting(1);
  await meanwhile(opened);
  release();
  expect((await answer).status).toBe(200);
  const [row] = opened.rows;
  const { usage = {}, nanoUsd, priceId } = row?.entries[0] ?? {};
  const tokens = Object.values(usage).reduce((sum, one) => sum + one, 0);
  return { ...opened, row, nanoUsd, priceId, tokens };
}

const dayAndMoney = { rateLimits: { tpd: PLENTY }, budgets: [budget(PLENTY)] };

describe.each([
  ['whole', HELLO],
  ['streamed', { ...HELLO, stream: true }],
] as const)('a request in flight, %s', (_, body) => {
  // promise: **What an admission decided is frozen with it**
  // promise: A key moved or re-priced in flight settles
  test('of a key that was moved is charged to the team that admitted it, in its row and in every counter', async () => {
    const { row, nanoUsd, tokens } = await inFlight(
      { team: dayAndMoney, moreTeams: [{ id: 'team_2', ...dayAndMoney }] },
      body,
      ({ change }) => change({ key: { teamId: 'team_2', version: 2 } }),
    );
    expect(row).toMatchObject({ teamId: 'team_1', keyId: 'key_1', serviceAccountId: 'svc_1' });
    const of = async (team: string) => Object.values(await readingsOf(present(), ['team', team], dayAndMoney));
    expect(await of('team_1')).toMatchObject([
      { used: tokens, held: 0 },
      { used: nanoUsd, held: 0 },
    ]);
    expect(await of('team_2')).toMatchObject([{ used: 0 }, { used: 0 }]);
  });

  test('of a key that changed hands is charged to the person who owned it', async () => {
    const { row } = await inFlight(
      { member: dayAndMoney, key: { owner: { is: 'member', memberId: 'mem_1', accountId: 'acct_1' } } },
      body,
      ({ change }) => change({ key: { owner: { is: 'service_account', serviceAccountId: 'svc_1' }, version: 2 } }),
    );
    expect(row).toMatchObject({ memberId: 'mem_1', serviceAccountId: null });
    const [tpd, money] = Object.values(await readingsOf(present(), ['user', 'mem_1'], dayAndMoney));
    expect([tpd?.held, money?.held, (money?.used ?? 0) > 0]).toEqual([0, 0, true]);
  });

  test('is charged at the price it was admitted at, whatever it costs by now', async () => {
    const dear = { ...price, id: 'price_2', perMillion: { input: 900_000_000, output: 900_000_000 } };
    const { priceId, nanoUsd, tokens } = await inFlight({ key: { budgets: [budget(PLENTY)] } }, body, ({ change }) =>
      change({ targets: [model('fast', [deployment({ prices: [dear, price] })])] }),
    );
    expect(priceId).toBe('price_1');
    expect(nanoUsd).toBeLessThan(tokens * 500);
  });

  // promise: A limit or budget that these scopes were given
  test('of a key that was moved is counted by a budget and by limits that its former team was given meanwhile', async () => {
    const given = { rateLimits: { rpm: 9, tpd: PLENTY }, budgets: [budget(PLENTY)] };
    const { nanoUsd, tokens } = await inFlight({ moreTeams: [{ id: 'team_2' }] }, body, async (opened) => {
      const teams = new Map([...opened.organization.teams].map(([id, team]) => [id, { ...team, ...given }]));
      await opened.change({ organization: { teams }, key: { teamId: 'team_2', version: 2 } });
      // Somebody looks, so that its past is known: nothing of it is in the ledger.
      await readingsOf(opened, ['team', 'team_1'], given);
    });
    const of = async (team: string) => Object.values(await readingsOf(present(), ['team', team], given)).map(({ used }) => used);
    expect(await of('team_1')).toEqual([1, tokens, nanoUsd]);
    expect(await of('team_2')).toEqual([0, 0, 0]);
  });

  // promise: An access group always means its members of now
  test('of a model that was labelled otherwise is counted at the group it has now, and not at the one it left', async () => {
    const ofGroup = (key: string): ModelLimit => ({ match: { is: 'access_group', key }, rateLimits: { rpm: 9, tpd: PLENTY } });
    const policy = {
      modelLimits: [ofGroup('beta'), ofGroup('gamma')],
      budgets: (['beta', 'gamma'] as const).map((key) =>
        budget(PLENTY, { id: `bud_${key}`, match: { is: 'access_group', key } }),
      ),
    };
    const labelled = (group: string) => [model('fast', [deployment()], { accessGroups: new Set([group]) })];
    const { nanoUsd, tokens } = await inFlight(
      { targets: labelled('beta'), organization: policy, team: policy, key: policy },
      body,
      async (opened) => {
        await opened.change({ targets: labelled('gamma') });
        await readingsOf(opened, ['organization', 'org_1'], policy);
      },
    );
    for (const [scope, id] of [
      ['organization', 'org_1'],
      ['team', 'team_1'],
      ['key', 'key_1'],
    ] as const) {
      const readings = Object.entries(await readingsOf(present(), [scope, id], policy));
      const of = (group: string) => readings.filter(([rule]) => rule.endsWith(group)).map(([, { used, held }]) => [used, held]);
      // Of the team and the key nobody looked: their past is asked of a ledger that is empty here.
      expect(of('beta')).toEqual([
        [0, 0],
        [0, 0],
        [0, 0],
      ]);
      if (scope === 'organization')
        expect(of('gamma')).toEqual([
          [1, 0],
          [tokens, 0],
          [nanoUsd, 0],
        ]);
    }
  });
});
