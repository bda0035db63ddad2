import { describe, expect, test } from 'vitest';
import { SCOPES } from '../../src/domain/tenancy/tenancy.ts';
import { budgetOf, budgetProblems } from './budgets.ts';
import { houseNanoUsdOf, openHouseSite } from './house-site.ts';
import { CELLS, cellProblems, ruleOf } from './table.ts';

const BURST = { room: 7, calls: 40 };

describe('a burst over several keys is admitted up to the limit exactly, and a refusal moves no counter', () => {
  for (const cell of CELLS) {
    // promise: **Never above a limit.** In no 60 seconds (60 minutes, calendar day) are more requests admitted than the limit
    // promise: RPM · Maximum requests per minute across all keys in the org
    // promise: TPM · Maximum tokens per minute across all keys in the org
    // promise: RPH · Maximum requests per hour across all keys in the org
    // promise: RPD · Maximum requests per day across all keys in the org
    // promise: TPD · Maximum tokens per day across all keys in the org
    // promise: Organization limits act as a shared cap — all teams and keys within the org contribute to the same counters.
    // promise: The user scope is the membership: one counter per person and organization, across teams.
    // promise: **Requests are exact. Tokens are exact in holds**
    // promise: So nothing is ever admitted above the limit in any span,
    // promise: **Requests are exact. Tokens are exact in holds**
    // promise: **A refused request counts nothing**
    // promise: **Retry-After** = over all refusing limits, the time until
    // promise: Organization limits act as a shared cap — all teams and keys
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
    // promise: It is the right place for tenant-wide spending and policy boundaries.
    // promise: Organizations are the top-level tenant and budget boundary
    // promise: **A `block` budget holds an upper bound**
    // promise: **A blocking budget is not overspent.** What a request may cost is held before it is sent
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
