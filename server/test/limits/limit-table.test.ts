import { describe, expect, test } from 'vitest';
import { openHouseSite } from './house-site.ts';
import { CELLS, cellProblems } from './table.ts';

const BURST = { room: 7, calls: 40 };

describe('a burst over several keys is admitted up to the limit exactly, and a refusal moves no counter', () => {
  for (const cell of CELLS) {
    test(`${cell.scope} ${cell.limit}`, async () => {
      const site = await openHouseSite(cell, BURST);
      try {
        expect(await cellProblems(site, cell, BURST)).toEqual([]);
      } finally {
        await site.close();
      }
    });
  }
});
