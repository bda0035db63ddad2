import { expect, test } from 'vitest';
import type { DeploymentConfig } from '../../src/domain/routing/catalogue.ts';
import { deployment, model, type WalkHouse } from '../support/walk.ts';
import { HELLO, withHouse } from '../support/with-house.ts';

const { open: openHouse } = withHouse();

function open(limits: DeploymentConfig['limits'], isAlone = false): Promise<WalkHouse> {
  const first = deployment({ id: 'dep_first', limits });
  const others = isAlone ? [] : [deployment({ id: 'dep_next', priority: 1 })];
  return openHouse({ targets: [model('fast', [first, ...others])] });
}

const served = ({ rows }: WalkHouse) => rows.map(({ deploymentId }) => deploymentId);

test('a deployment that had its requests of this minute is asked after the others', async () => {
  const opened = await open({ rpm: 2, tpm: null });
  for (let n = 0; n < 4; n += 1) expect((await opened.ask(HELLO)).status).toBe(200);
  expect(served(opened)).toEqual(['dep_first', 'dep_first', 'dep_next', 'dep_next']);
});

test('so is one that had its tokens, of whole answers and of streams', async () => {
  const opened = await open({ rpm: null, tpm: 1 });
  await opened.ask({ ...HELLO, stream: true });
  await opened.ask(HELLO);
  expect(served(opened)).toEqual(['dep_first', 'dep_next']);
});

test('capacity refuses nobody: the only deployment there is serves on', async () => {
  const opened = await open({ rpm: 1, tpm: 1 }, true);
  for (let n = 0; n < 3; n += 1) expect((await opened.ask(HELLO)).status).toBe(200);
  expect(served(opened)).toEqual(['dep_first', 'dep_first', 'dep_first']);
});

test('without limits nothing is counted', async () => {
  const opened = await open({ rpm: null, tpm: null });
  await opened.ask(HELLO);
  expect(opened.gateway.load.read('dep_first')).toMatchObject({ requests: 0, tokens: 0 });
});
