import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { csvLine } from '../../src/admin/exports/csv.ts';
import { ORGANIZATION_SORTS, ORGANIZATION_STATUSES } from '../../src/store/tenancy/organization-list.ts';
import { type Answer, freshSlug, makeAccount, makeOrganization, must, withAdmin } from '../admin/support.ts';
import { storeRecords } from '../admin/usage-support.ts';
import { onOneDatabase } from '../support/database.ts';
import { givenEnd, givenEntry } from '../support/records.ts';
import { refreshAll } from './support.ts';

/** Names that lists, searches and spreadsheets have trouble with. */
const NAMES = [
  '=cmd()',
  '+1',
  '-2',
  '@sum',
  'שלום עולם',
  '🦊 Fox',
  'comma, "quote"',
  'x'.repeat(200),
  '<script>alert(1)</script>',
];

onOneDatabase('the list of organizations', (given) => {
  const world = withAdmin(given);
  const ids: string[] = [];

  beforeAll(async () => {
    const { root, time } = world();
    for (const [index, name] of NAMES.entries()) {
      const organization = await makeOrganization(root, {
        name,
        budgets: [{ amount: String(index + 1), period: 'total', action: 'block' }],
      });
      ids.push(organization.id);
      if (index > 4) continue;
      const end = { organizationId: organization.id, admittedAtMs: time.nowMs };
      await storeRecords(given(), [givenEnd({ ...end, entries: [givenEntry({ nanoUsd: 1_000_000_000 })] })]);
    }
    must(await root('POST', `/organizations/${ids.at(-1)}/suspend`));
    await refreshAll(world());
  });

  /** All pages, two rows each. */
  async function everyPage(query: string): Promise<{ id: string; standing: { status: string } }[]> {
    const rows = [];
    let cursor = '';
    do {
      const page: Answer['body'] = must(await world().root('GET', `/organizations?limit=2&${query}${cursor}`));
      rows.push(...page.data);
      cursor = page.next_cursor === null ? '' : `&cursor=${page.next_cursor}`;
    } while (cursor !== '');
    return rows;
  }

  test.each(ORGANIZATION_SORTS)('has every row once in pages by %s, and the other way round in reverse', async (sort) => {
    const found = (await everyPage(`sort=${sort}`)).map((row) => row.id);
    expect([...found].sort()).toEqual([...ids].sort());
    const reverse = sort.startsWith('-') ? sort.slice(1) : `-${sort}`;
    expect((await everyPage(`sort=${reverse}`)).map((row) => row.id)).toEqual(found.toReversed());
  });

  test('orders by spend and by what is used of a budget', async () => {
    const bySpend = await world().root('GET', '/organizations?sort=-spend');
    const spends = must(bySpend).data.map((row: Answer['body']) => Number(row.standing.spend_30d));
    expect(spends).toEqual([...spends].sort((a, b) => b - a));
    const byBudget = must(await world().root('GET', '/organizations?sort=-budget_used')).data;
    expect(byBudget[0].standing.budget_used_ratio).toBeGreaterThanOrEqual(byBudget[1].standing.budget_used_ratio);
  });

  // promise: List filters over live values (near limit, over budget) read a standing table
  test('filters by status on the server, under paging, and the counts are those of the filters', async () => {
    const summary = must(await world().root('GET', '/organizations/summary'));
    expect(summary.total).toBe(NAMES.length);
    for (const status of ORGANIZATION_STATUSES) {
      const rows = await everyPage(`status=${status}&sort=name`);
      expect([status, rows.length]).toEqual([status, summary.by_status[status]]);
      expect(rows.every((row) => row.standing.status === status)).toBe(true);
      expect(must(await world().root('GET', `/organizations?status=${status}`)).total).toBe(rows.length);
    }
    expect(summary.by_status).toMatchObject({ over_budget: 1, suspended: 1 });
    expect(summary.over_budget).toBe(1);
    expect(await everyPage('status=active')).toHaveLength(NAMES.length - 1);
    expect((await world().root('GET', '/organizations?status=nonsense')).status).toBe(400);
  });

  test('refuses the cursor of another order', async () => {
    const { next_cursor: cursor } = must(await world().root('GET', '/organizations?limit=2&sort=spend'));
    for (const sort of ['-spend', 'keys', 'name']) {
      expect((await world().root('GET', `/organizations?limit=2&sort=${sort}&cursor=${cursor}`)).status).toBe(400);
    }
  });

  test.each(NAMES)('finds %j by its beginning, by its slug and by its id, as written', async (name) => {
    const byName = must(await world().root('GET', `/organizations?search=${encodeURIComponent(name.slice(0, 12))}`));
    const row = byName.data.find((found: Answer['body']) => found.name === name);
    expect(row?.name).toBe(name);
    for (const other of [row.slug, row.id]) {
      const found = must(await world().root('GET', `/organizations?search=${other}`)).data;
      expect(found.map((one: Answer['body']) => one.name)).toContain(name);
    }
    const summary = must(await world().root('GET', `/organizations/summary?search=${row.id}`));
    expect(summary.total).toBe(1);
  });

  test('a wildcard in a search is a letter', async () => {
    for (const search of ['%', '_', '\\']) {
      expect(must(await world().root('GET', `/organizations?search=${encodeURIComponent(search)}`)).total).toBe(0);
    }
  });

  describe('the export', () => {
    test('has every organization found, and no cell that a spreadsheet would run', async () => {
      const answer = await world().root('GET', '/organizations/export');
      expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
      const lines = answer.text.trimEnd().split('\r\n');
      expect(lines).toHaveLength(NAMES.length + 1);
      for (const name of ['=cmd()', '+1', '-2', '@sum']) expect(answer.text).toContain(`,'${name},`);
      expect(answer.text).toContain(',"comma, ""quote""",');
      const suspended = await world().root('GET', '/organizations/export?status=suspended');
      expect(suspended.text.trimEnd().split('\r\n')).toHaveLength(2);
    });

    test('of some that were chosen has those and no other', async () => {
      const [first = '', second = '', third = ''] = ids;
      const { text } = await world().root('GET', `/organizations/export?ids=${first},${second}`);
      expect(text.trimEnd().split('\r\n')).toHaveLength(3);
      for (const id of [first, second]) expect(text).toContain(id);
      expect(text).not.toContain(third);
    });
  });

  describe('whose organizations', () => {
    test('a tenant sees its own in the list, the summary and the export, and nothing of others', async () => {
      const { root, as } = world();
      const mine = await makeOrganization(root, { slug: freshSlug('mine'), name: 'Mine' });
      const account = await makeAccount(root);
      const owner = as([{ role: 'org_owner', organizationId: mine.id }], account.id);
      expect(must(await owner('GET', '/organizations')).data.map((row: Answer['body']) => row.id)).toEqual([mine.id]);
      expect(must(await owner('GET', '/organizations/summary'))).toMatchObject({ total: 1, by_status: { suspended: 0 } });
      const exported = await owner('GET', '/organizations/export');
      expect(exported.text).toContain(mine.id);
      for (const id of ids) expect(exported.text).not.toContain(id);
    });
  });
});

describe('a line of comma-separated values', () => {
  test('never begins a cell like a formula, and reads back', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 5 }), (cells) => {
        const read = cellsOf(csvLine(cells));
        expect(read.every((cell) => !/^[=+\-@;\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/.test(cell))).toBe(true);
        // An apostrophe keeps a formula from being one; nothing else is added, and nothing is lost.
        const said = (all: readonly string[]) => all.map((cell) => cell.replaceAll("'", ''));
        expect(said(read)).toEqual(said(cells));
      }),
    );
  });
});

/** What a spreadsheet reads of one line. */
function cellsOf(line: string): string[] {
  const cells: string[] = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  for (let match = pattern.exec(line); match !== null; match = pattern.exec(line)) {
    cells.push(match[1] === undefined ? (match[2] ?? '') : match[1].replaceAll('""', '"'));
  }
  return cells;
}
