/** Strategies in the database, beside a version of the gateway that knows two of them. */
import { sql } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { onEveryDatabase } from '../../../test/support/database.ts';
import { ROUTING_STRATEGIES } from '../../domain/routing/catalogue.ts';
import { loadCatalogue, withoutSecret } from '../configuration/load-catalogue.ts';
import * as targets from './callable-targets.ts';
import * as models from './models.ts';

onEveryDatabase('strategies', (given) => {
  const db = () => given().db;
  const strategyOf = async (name: string) => (await models.find(db(), name))?.strategy;
  const inCatalogue = async (name: string) => (await loadCatalogue(db(), withoutSecret)).targets.get(name)?.strategy;
  async function make(name: string, strategy: (typeof ROUTING_STRATEGIES)[number]) {
    const at = new Date();
    await targets.claim(db(), { name, kind: 'model' }, at);
    return models.insert(db(), { name, strategy, createdAt: at, updatedAt: at });
  }
  /** The column as versions before read it. They answer 500 for a word that they do not know. */
  const before = async (name: string) => (await db().execute(sql`select strategy from models where name = ${name}`)).rows[0];

  test('are stored and read, and the version before reads one that it knows', async () => {
    for (const strategy of ROUTING_STRATEGIES) {
      await make(`of-${strategy}`, strategy);
      expect(await strategyOf(`of-${strategy}`)).toBe(strategy);
      expect(await inCatalogue(`of-${strategy}`)).toBe(strategy);
      expect(await before(`of-${strategy}`)).toEqual({ strategy: strategy === 'priority' ? 'priority' : 'weighted' });
    }
  });

  test('a change of the version before counts: priority takes the place of a newer strategy', async () => {
    await make('changed', 'latency');
    await db().execute(sql`update models set strategy = 'weighted', fallbacks = '{}' where name = 'changed'`);
    expect(await strategyOf('changed')).toBe('latency');
    await db().execute(sql`update models set strategy = 'priority' where name = 'changed'`);
    expect([await strategyOf('changed'), await inCatalogue('changed')]).toEqual(['priority', 'priority']);
    await models.update(db(), 'changed', { strategy: 'weighted' }, new Date());
    expect(await strategyOf('changed')).toBe('weighted');
  });

  test('a strategy of a later version counts as weighted, and one that no version knows is refused', async () => {
    await make('later', 'latency');
    await expect(db().execute(sql`update models set newer_strategy = 'fastest' where name = 'later'`)).rejects.toThrow();
    await db().execute(sql`alter table models drop constraint models_newer_strategy`);
    await db().execute(sql`update models set newer_strategy = 'fastest' where name = 'later'`);
    expect([await strategyOf('later'), await inCatalogue('later')]).toEqual(['weighted', 'weighted']);
  });
});
