/** Units in the usage report and its exports: exact for any time and grouping, and inside the reader's reach. */
import { sql } from 'drizzle-orm';
import { beforeAll, describe, expect, test } from 'vitest';
import type { EndRecord } from '../../src/ledger/records.ts';
import { requestId } from '../../src/lib/id.ts';
import * as schema from '../../src/store/schema.ts';
import { nanoUsdOf, readCsv } from '../exports/read-csv.ts';
import { type GivenDatabase, onOneDatabase } from '../support/database.ts';
import { givenEnd, givenEntry } from '../support/records.ts';
import { makeDeployment } from './catalogue-support.ts';
import { type Client, makeTeam, must, withAdmin } from './support.ts';
import { storeRecords } from './usage-support.ts';

const NOW_MS = Date.parse('2026-03-10T12:00:00Z');
const HOUR_MS = 3_600_000;
const QUARTER_MS = 900_000;

interface Unit {
  readonly unit: string;
  readonly uses: number;
  readonly quantity: number;
  readonly unpriced_quantity: number;
}

onOneDatabase('units in usage', (given) => {
  const world = withAdmin(given);
  let acme = { id: '', team: '', otherTeam: '' };
  let other = '';
  let tagged = '';
  let records: readonly EndRecord[] = [];

  beforeAll(async () => {
    const { root } = world();
    const { organization, team } = await makeTeam(root);
    const second = must(await root('POST', `/organizations/${organization.id}/teams`, { name: 'Second' }));
    acme = { id: organization.id, team: team.id, otherTeam: second.id };
    other = (await makeTeam(root)).organization.id;
    tagged = (await makeDeployment(root, 'tagged', { tags: ['eu', 'cheap'] })).id;
    records = recordsOf();
    await storeRecords(given(), records);
    await keepUnits(given(), records);
  });

  /** Every hour and a bit for two days: searches without a price in each third, tokens of a rare bucket in each second. */
  function recordsOf(): EndRecord[] {
    return Array.from({ length: 48 }, (_, index) => {
      const admittedAtMs = NOW_MS - 1 - index * (HOUR_MS + 7_919);
      const usage: Record<string, number> = { input: 10, output: 5 };
      if (index % 3 === 0) usage.search = index + 1;
      if (index % 2 === 0) usage.cache_write_1h = 100 + index;
      const isUnpriced = index % 6 === 0;
      return givenEnd({
        organizationId: index % 4 === 3 ? other : acme.id,
        teamId: index % 4 === 3 ? 'team_foreign' : index % 4 === 0 ? acme.team : acme.otherTeam,
        keyId: `key_${index % 5}`,
        calledName: `model-${index % 3}`,
        deploymentId: index % 2 === 0 ? tagged : 'dep_other',
        admittedAtMs,
        requestId: requestId(admittedAtMs),
        entries: [
          givenEntry({
            ...{ deploymentId: index % 2 === 0 ? tagged : 'dep_other', usage, nanoUsd: 1_000 + index },
            unpricedUnits: isUnpriced ? 'search' : null,
          }),
        ],
      });
    });
  }

  const ask = async (query: string, client: Client = world().root) => must(await client('GET', `/usage?${query}`));
  const ofAcme = () => records.filter(({ organizationId }) => organizationId === acme.id);

  test('the total says each unit, how often and how much, and what had no price', async () => {
    const { total, data } = await ask(`organization_id=${acme.id}`);
    expect(total.units).toEqual(unitsOf(ofAcme()));
    expect(total.partly_priced).toBe(true);
    expect(data).toEqual([total]);
    const { total: nothing } = await ask(`organization_id=${acme.id}&to=2020-01-01T00:00:00Z`);
    expect([nothing.units, nothing.partly_priced]).toEqual([[], false]);
  });

  test.each([
    ['team', 'team_id', (record: EndRecord) => record.teamId],
    ['key', 'key_id', (record: EndRecord) => record.keyId],
    ['model', 'model', (record: EndRecord) => record.calledName],
    ['deployment', 'deployment_id', (record: EndRecord) => record.deploymentId],
    ['member', 'member_id', () => null],
  ] as const)('lines by %s carry their own', async (group, field, of) => {
    const { data } = await ask(`organization_id=${acme.id}&group_by=${group}`);
    expect(data.length).toBe(new Set(ofAcme().map(of)).size);
    for (const line of data) expect(line.units).toEqual(unitsOf(ofAcme().filter((record) => of(record) === line[field])));
  });

  test('by interval, by two groups at once, and under filters', async () => {
    const { data, total } = await ask(`organization_id=${acme.id}&group_by=team,model&interval=day&deployment_id=${tagged}`);
    const mine = ofAcme().filter((record) => record.deploymentId === tagged);
    expect(total.units).toEqual(unitsOf(mine));
    for (const line of data) {
      const startMs = Date.parse(line.start);
      const own = mine.filter(
        (record) =>
          record.teamId === line.team_id &&
          record.calledName === line.model &&
          record.admittedAtMs >= startMs &&
          record.admittedAtMs < startMs + 24 * HOUR_MS,
      );
      expect(line.units).toEqual(unitsOf(own));
    }
    const starts = data.map((line: { start: string }) => line.start);
    expect(starts).toEqual([...starts].sort());
  });

  test('of the platform as a whole, and dearest first as without', async () => {
    const { data, total } = await ask('group_by=organization&limit=1');
    expect(total.units).toEqual(unitsOf(records));
    expect(data).toHaveLength(1);
    expect(data[0]).toMatchObject({ organization_id: acme.id, units: unitsOf(ofAcme()) });
  });

  test('by deployment tag a deployment counts under each of its tags, and the total once', async () => {
    const { data, total } = await ask(`organization_id=${acme.id}&group_by=deployment_tag`);
    expect(total.units).toEqual(unitsOf(ofAcme()));
    const units = new Map(
      data.map((line: { deployment_tag: string | null; units: Unit[] }) => [line.deployment_tag, line.units]),
    );
    const own = unitsOf(ofAcme().filter((record) => record.deploymentId === tagged));
    expect([units.get('eu'), units.get('cheap')]).toEqual([own, own]);
    expect(units.get(null)).toEqual(unitsOf(ofAcme().filter((record) => record.deploymentId !== tagged)));
  });

  test('any stretch of time is exact, not only whole quarters of an hour', async () => {
    const fromMs = NOW_MS - 30 * HOUR_MS + 123_457;
    const toMs = (ofAcme()[3]?.admittedAtMs ?? 0) + 1;
    const span = `from=${new Date(fromMs).toISOString()}&to=${new Date(toMs).toISOString()}`;
    const within = records.filter(({ admittedAtMs }) => admittedAtMs >= fromMs && admittedAtMs < toMs);
    expect((await ask(span)).total.units).toEqual(unitsOf(within));
  });

  describe('shows a reader what is in their reach', () => {
    test('a team’s admin the team’s, a developer without keys nothing, a stranger nothing at all', async () => {
      const { as } = world();
      const admin = as([{ role: 'team_admin', organizationId: acme.id, teamId: acme.team }]);
      const { total, data } = await ask('group_by=team', admin);
      expect(total.units).toEqual(unitsOf(ofAcme().filter((record) => record.teamId === acme.team)));
      expect(data).toHaveLength(1);
      const developer = as([{ role: 'team_developer', organizationId: acme.id, teamId: acme.team }], 'acct_nobody');
      expect((await ask('', developer)).total.units).toEqual([]);
      const stranger = as([{ role: 'org_owner', organizationId: other }]);
      expect((await stranger('GET', `/usage?organization_id=${acme.id}`)).status).toBe(404);
      expect((await ask('', stranger)).total.units).toEqual(unitsOf(records.filter((one) => one.organizationId === other)));
    });
  });

  describe('in exports', () => {
    const file = async (query: string, client: Client = world().root) => {
      const answer = await client('GET', `/usage/export?${query}`);
      expect(answer.status).toBe(200);
      return readCsv(answer.text);
    };
    const sum = (rows: readonly Record<string, string>[], column: string) =>
      rows.reduce((total, row) => total + Number(row[column]), 0);

    test('each unit has a column, also one that nobody used, and the lines add up', async () => {
      const { total } = await ask(`organization_id=${acme.id}`);
      const rows = await file(`organization_id=${acme.id}&group_by=team,model&interval=day`);
      for (const { unit, quantity } of total.units as Unit[]) expect(sum(rows, `${unit}_quantity`)).toBe(quantity);
      expect(sum(rows, 'image_quantity')).toBe(0);
      const unpriced = rows.flatMap((row) => (row.unpriced_units === '' ? [] : [row.unpriced_units as string]));
      const searches = unpriced.map((text) => Number(/^search=(\d+)$/.exec(text)?.[1]));
      expect(searches.reduce((all, one) => all + one, 0)).toBe(
        (total.units as Unit[]).find(({ unit }) => unit === 'search')?.unpriced_quantity,
      );
    });

    test('FOCUS keeps one charge a line: its units stand beside, the costs are the spend', async () => {
      const { total } = await ask(`organization_id=${acme.id}`);
      const rows = await file(`format=focus&organization_id=${acme.id}`);
      expect(rows.reduce((all, row) => all + nanoUsdOf(row.BilledCost ?? ''), 0n)).toBe(nanoUsdOf(total.spend));
      expect(new Set(rows.map((row) => row.ConsumedUnit))).toEqual(new Set(['Tokens']));
      const quantity = (wanted: string) => (total.units as Unit[]).find(({ unit }) => unit === wanted)?.quantity;
      expect(sum(rows, 'x_SearchQuantity')).toBe(quantity('search'));
      expect(sum(rows, 'x_CacheWrite1hQuantity')).toBe(quantity('cache_write_1h'));
      expect(rows.some((row) => /^search=\d+$/.test(row.x_UnpricedUnits ?? ''))).toBe(true);
    });

    test('hold nothing of another tenant', async () => {
      const owner = world().as([{ role: 'org_owner', organizationId: other }]);
      const mine = unitsOf(records.filter((one) => one.organizationId === other));
      for (const { unit, quantity } of mine) {
        expect(sum(await file('', owner), `${unit}_quantity`)).toBe(quantity);
      }
      expect((await owner('GET', `/usage/export?organization_id=${acme.id}`)).status).toBe(404);
    });
  });
});

/** What records used, worked out from them: without the buckets that have sums of their own. */
function unitsOf(records: readonly EndRecord[]): Unit[] {
  const units = new Map<string, Unit>();
  for (const { usage, unpricedUnits } of records.flatMap(({ entries }) => entries)) {
    for (const [unit, quantity] of Object.entries(usage)) {
      if (unit === 'input' || unit === 'output') continue;
      const known = units.get(unit) ?? { unit, uses: 0, quantity: 0, unpriced_quantity: 0 };
      const unpriced = unpricedUnits === unit ? quantity : 0;
      units.set(unit, {
        unit,
        uses: known.uses + 1,
        quantity: known.quantity + quantity,
        unpriced_quantity: known.unpriced_quantity + unpriced,
      });
    }
  }
  return [...units.values()].sort((one, other) => (one.unit < other.unit ? -1 : 1));
}

/** Makes the ledger's unpriced units and the rollups of units what the records say. */
async function keepUnits({ db }: ReturnType<GivenDatabase>, records: readonly EndRecord[]): Promise<void> {
  for (const record of records) {
    const [entry] = record.entries;
    await db.execute(
      sql`update ledger_records set unpriced_units = ${entry?.unpricedUnits ?? null} where request_id = short_id('req', ${record.requestId})`,
    );
    const { organizationId, teamId, keyId, calledName } = record;
    for (const { unit, uses, quantity, unpriced_quantity } of unitsOf([record])) {
      const row = {
        ...{ organizationId, teamId, keyId, calledName, unit, uses, quantity },
        bucketStart: new Date(Math.floor(record.admittedAtMs / QUARTER_MS) * QUARTER_MS),
        memberId: record.memberId ?? '',
        serviceAccountId: record.serviceAccountId ?? '',
        deploymentId: record.deploymentId ?? '',
        provider: record.provider ?? '',
        unpricedQuantity: unpriced_quantity,
      };
      const set = { uses, quantity, unpricedQuantity: unpriced_quantity };
      await db.insert(schema.unitRollups).values(row).onConflictDoUpdate({ target: PRIMARY_KEY, set });
    }
  }
}

const { organizationId, bucketStart, teamId, keyId, memberId, serviceAccountId, calledName, deploymentId, provider, unit } =
  schema.unitRollups;
const PRIMARY_KEY = [
  ...[organizationId, bucketStart, teamId, keyId, memberId],
  ...[serviceAccountId, calledName, deploymentId, provider, unit],
];
