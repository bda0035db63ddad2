/** The catalogue that is read anew only when its version moved. */
import { expect, test } from 'vitest';
import { withDatabase } from '../../../test/support/database.ts';
import * as targets from '../catalogue/callable-targets.ts';
import * as models from '../catalogue/models.ts';
import { bumpConfigVersions } from './config-versions.ts';
import { knownCatalogue } from './known-catalogue.ts';

const given = withDatabase();

async function make(name: string, isTold: boolean) {
  const at = new Date();
  await given().db.transaction(async (tx) => {
    await targets.claim(tx, { name, kind: 'model' }, at);
    await models.insert(tx, { name, createdAt: at, updatedAt: at });
    if (isTold) await bumpConfigVersions(tx, { catalogue: true });
  });
}

test('before the first change it is read each time, later once for each version', async () => {
  const { db } = given();
  const names = async () => [...(await knownCatalogue(db)).targets.keys()].sort();
  expect(await names()).toEqual([]);
  // As in a database whose rows came from elsewhere: nothing says that they are new.
  await make('untold', false);
  expect(await names()).toEqual(['untold']);
  await make('told', true);
  expect(await names()).toEqual(['told', 'untold']);
  const known = await knownCatalogue(db);
  expect(await knownCatalogue(db)).toBe(known);
  await make('next', true);
  expect(await names()).toEqual(['next', 'told', 'untold']);
  expect(await knownCatalogue(db)).not.toBe(known);
});

test('inside a transaction it has what the transaction changed, told or not, and outside what counts', async () => {
  const { db } = given();
  const names = async (of: typeof db) => [...(await knownCatalogue(of)).targets.keys()];
  await make('counts', true);
  await names(db);
  const rolledBack = new Error('rolled back');
  const dryRun = db.transaction(async (tx) => {
    expect(await names(tx)).toContain('counts');
    await models.remove(tx, 'counts');
    await targets.release(tx, 'counts');
    expect(await names(tx)).not.toContain('counts');
    throw rolledBack;
  });
  await expect(dryRun).rejects.toBe(rolledBack);
  expect(await names(db)).toContain('counts');
});
