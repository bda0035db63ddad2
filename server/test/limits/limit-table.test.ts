import { describe, expect, test } from 'vitest';
import { SCOPES } from '../../src/domain/tenancy.ts';
import { budgetOf, budgetProblems } from './budgets.ts';
import { houseNanoUsdOf, openHouseSite } from './house-site.ts';
import { CELLS, cellProblems, ruleOf } from './table.ts';

const BURST = { room: 7, calls: 40 };

describe('a burst over several keys is admitted up to the limit exactly, and a refusal moves no counter', () => {
  for (const cell of CELLS) {
    test(`${cell.scope} ${cell.limit}`, async () => {
      const site = await openHouseSite(ruleOf(cell, BURST));
      try {
        expect(await cellProblems(site, cell, BURST)).toEqual([]);
      } finally {
        await site.close();
      }
    });
  }
});

describe('a budget admits as many calls at once as their holds fit into it, and is spent to the last hold and never above', () => {
  for (const scope of SCOPES) {
    test(scope, async () => {
      const site = await openHouseSite(budgetOf(scope, BURST, { nanoUsdOf: houseNanoUsdOf }));
      try {
        expect(await budgetProblems(site, scope, BURST)).toEqual([]);
      } finally {
        await site.close();
      }
    });
  }
});
