import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { onOneDatabase } from '../support/database.ts';
import { type Client, freshSlug, makeTeam, must, withAdmin } from './support.ts';

onOneDatabase('lists', (given) => {
  const world = withAdmin(given);

  /** Every page from the first to the last; `between` runs after each. */
  async function readAll(root: Client, path: string, between: () => Promise<void> = async () => {}): Promise<string[]> {
    const ids: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: { data: { id: string }[]; next_cursor: string | null } = must(
        await root('GET', `${path}${cursor && `&cursor=${cursor}`}`),
      );
      ids.push(...page.data.map((row) => row.id));
      cursor = page.next_cursor;
      await between();
    }
    return ids;
  }

  describe('page forward by cursor', () => {
    const orders = ['created_at', '-created_at', 'name', '-name'] as const;

    // promise: Pages go forward by cursor under any filter and sort
    test.each(orders)('by %s: no row twice and none missed, also while rows are added', async (sort) => {
      const { root } = world();
      const { organization, team } = await makeTeam(root);
      // Names that differ by case, are equal, or mean something else to SQL, JSON or a collation.
      const names = ['a', 'A', 'a', 'B', 'ä', 'Ä', 'İ', 'ß', '%', '_', '\\', '"', 'zz', '0', 'ﬁ', 'a b', 'a-b', '東京'];
      const there: string[] = [];
      for (const name of names) there.push(must(await root('POST', `/teams/${team.id}/service-accounts`, { name })).id);
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 7 }), async (limit) => {
          let left = 5; // The oldest first would otherwise never come to an end.
          const add = async () => {
            left -= 1;
            if (left >= 0) must(await root('POST', `/teams/${team.id}/service-accounts`, { name: `n${limit}` }));
          };
          const seen = await readAll(
            root,
            `/service-accounts?organization_id=${organization.id}&sort=${sort}&limit=${limit}`,
            add,
          );
          expect(new Set(seen).size).toBe(seen.length);
          expect(there.filter((id) => !seen.includes(id))).toEqual([]);
          if (sort === 'created_at') expect(seen).toEqual(seen.toSorted());
          if (sort === '-created_at') expect(seen).toEqual(seen.toSorted().toReversed());
        }),
        { numRuns: 3 },
      );
    });

    test('with a total that counts every page, and a cursor that fits no other list', async () => {
      const { root } = world();
      const { organization, team } = await makeTeam(root);
      for (const name of ['a', 'b', 'c']) must(await root('POST', '/keys', { team_id: team.id, name }));
      const first = must(await root('GET', `/organizations/${organization.id}/keys?limit=2`));
      expect([first.data.length, first.total]).toEqual([2, 3]);
      const rest = must(await root('GET', `/organizations/${organization.id}/keys?limit=2&cursor=${first.next_cursor}`));
      expect([rest.data.length, rest.total, rest.next_cursor]).toEqual([1, 3, null]);
      for (const path of [`/teams?cursor=${first.next_cursor}`, `/keys?sort=name&cursor=${first.next_cursor}`]) {
        const refused = await root('GET', path);
        expect([refused.status, refused.body.errors[0].pointer]).toEqual([400, '?cursor']);
      }
    });
  });

  // promise: Totals are exact to 10,000, then "10,000+".
  test('count exactly to 10,000 and no further', async () => {
    const { root } = world();
    const { organization, team } = await makeTeam(root);
    const add = (from: number, to: number) =>
      given().pool.query(
        `insert into service_accounts (organization_id, id, team_id, name)
         select $1, 'svc_' || $1 || n, $2, 'n' || n from generate_series($3::int, $4::int) as n`,
        [organization.id, team.id, from, to],
      );
    const total = async () => must(await root('GET', `/service-accounts?organization_id=${organization.id}&limit=1`)).total;
    await add(1, 10_000);
    expect(await total()).toBe(10_000);
    await add(10_001, 10_001);
    expect(await total()).toBe('10,000+');
  });

  test('show a caller their own part of the tree and nothing of the rest', async () => {
    const { root, as } = world();
    const [mine, other] = [await makeTeam(root), await makeTeam(root)];
    const second = must(await root('POST', `/organizations/${mine.organization.id}/teams`, { name: 'Second' }));
    for (const team of [mine.team, second, other.team]) must(await root('POST', '/keys', { team_id: team.id, name: 'key' }));
    const admin = as([{ role: 'org_admin', organizationId: mine.organization.id }]);
    const lead = as([{ role: 'team_admin', organizationId: mine.organization.id, teamId: second.id }]);
    const teamsSeen = async (client: Client, path: string) =>
      must(await client('GET', path))
        .data.map((row: { team_id?: string; id: string }) => row.team_id ?? row.id)
        .toSorted();
    expect(await teamsSeen(admin, '/keys')).toEqual([mine.team.id, second.id].toSorted());
    expect(await teamsSeen(lead, '/keys')).toEqual([second.id]);
    expect(await teamsSeen(lead, '/teams')).toEqual([second.id]);
    expect(await teamsSeen(lead, `/organizations/${mine.organization.id}/teams`)).toEqual([second.id]);
    expect(must(await admin('GET', '/organizations')).data.map((row: { id: string }) => row.id)).toEqual([mine.organization.id]);
    expect((await admin('GET', `/keys?organization_id=${other.organization.id}`)).status).toBe(404);
    expect(must(await admin('GET', `/keys?team_id=${other.team.id}`)).data).toEqual([]);
  });

  test('find by name and slug prefix and by exact id', async () => {
    const { root } = world();
    const slug = freshSlug('findme');
    const made = must(await root('POST', '/organizations', { slug, name: 'Zebra Crossing' }));
    const found = async (search: string) =>
      must(await root('GET', `/organizations?search=${encodeURIComponent(search)}`)).data.some(
        (row: { id: string }) => row.id === made.id,
      );
    expect(await Promise.all(['zebra', 'ZEBRA C', slug.slice(0, 8), made.id].map(found))).toEqual([true, true, true, true]);
    expect(await Promise.all(['ebra', 'z%', made.id.slice(0, 10)].map(found))).toEqual([false, false, false]);
  });
});
