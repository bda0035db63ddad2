/** Every figure of docs/scale.md that says "worked out" is calculated again from the measured ones beside it. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const guide = readFileSync(new URL('../../docs/scale.md', import.meta.url), 'utf8');
const rows = guide.split('\n').filter((line) => line.startsWith('| '));
const DAY_SECONDS = 86_400;

/** Returns the cells of the row that begins with these words. Throws if there is not exactly one. */
function cellsOf(begins: string): readonly string[] {
  const found = rows.filter((row) => row.startsWith(`| ${begins} |`));
  if (found.length !== 1) throw new Error(`${found.length} rows begin with "${begins}"`);
  return (found[0] as string).split('|').map((cell) => cell.trim());
}

/** Returns the measured figure of a row: of a range such as `155 to 180 µs` the middle, or its larger end. */
function measured(begins: string, of: 'middle' | 'larger end' = 'middle'): number {
  const figure = /([\d,.]+)(?: to ([\d,.]+))?/.exec(cellsOf(begins)[2] ?? '');
  const [low, high = low] = [figure?.[1], figure?.[2]].map((text) => (text === undefined ? undefined : number(text)));
  if (low === undefined || high === undefined) throw new Error(`no figure in "${begins}"`);
  return of === 'middle' ? (low + high) / 2 : high;
}

const number = (text: string) => Number(text.replaceAll(',', ''));

/** Returns a value with so many significant digits, as the guide writes numbers. */
const rounded = (value: number, digits: number) => Number(value.toPrecision(digits)).toLocaleString('en');

/** Returns bytes a day as the guide writes them: `92 GB a day`, `9.2 TB a day`. A disk that is planned too small fills. */
function dailyBytes(perSecond: number): string {
  const gigabytes = (perSecond * DAY_SECONDS * measured("PostgreSQL's disk", 'larger end')) / 1e9;
  return gigabytes < 1_000 ? `${rounded(gigabytes, 2)} GB a day` : `${rounded(gigabytes / 1_000, 2)} TB a day`;
}

const gatewayUs = measured("a gateway's CPU, counters in memory, PostgreSQL");
const redisAddsUs = measured("what Redis adds to a gateway's CPU");
const redisUs = measured("Redis's own CPU, per request");
const postgresUs = measured("PostgreSQL's own CPU");
const perSecond = (us: number) => 1e6 / us;
/** The share of a core, in whole per cent. */
const share = (load: number, us: number, cores = 1) => `${Math.round((load * us) / 1e4 / cores)} % of a core`;

/** Loads of the table, with the number of Redis masters that it plans for. */
const LOADS = [
  { load: 1_000, masters: 1 },
  { load: 10_000, masters: 3 },
  { load: 100_000, masters: 24 },
];

describe('the capacity guide', () => {
  test.each(LOADS)('works out $load requests a second from the measured costs', ({ load, masters }) => {
    const [, , gateways = '', redis = '', postgres = ''] = cellsOf(`${load.toLocaleString('en')} requests/s`);
    expect(redis).toContain(share(load, redisUs, masters));
    expect(postgres).toContain(load < 100_000 ? share(load, postgresUs) : `${Math.round((load * postgresUs) / 1e6)} cores`);
    expect(postgres).toContain(dailyBytes(load));
    const [count = 0, cores = 1] = [/^(\d+)/.exec(gateways)?.[1], /of (\d+) cores/.exec(gateways)?.[1]].map((text) =>
      text === undefined ? undefined : Number(text),
    );
    // One of them can fail, and the others carry the load.
    expect((count - 1) * cores * perSecond(gatewayUs + redisAddsUs)).toBeGreaterThan(load);
  });

  test('works out where one core ends, and how much a gigabyte of Redis holds', () => {
    const about = (us: number) => `about ${rounded(perSecond(us), us === redisUs ? 1 : 2)}`;
    expect(guide).toContain(`${gatewayUs} + ${redisAddsUs} µs each`);
    expect(guide).toContain(`one core of a gateway serves ${about(gatewayUs + redisAddsUs)} governed requests a second`);
    expect(guide).toContain(`one core of Redis ${about(redisUs)}, and one of PostgreSQL ${about(postgresUs)} rows a second`);
    expect(guide).toContain(`one master for each ${rounded(perSecond(redisUs), 1)} governed requests a second`);
    expect(guide).toContain(`some ${rounded((6_000 * DAY_SECONDS) / 1e6, 1)} million requests a day`);
    const organizations = 1e9 / (measured('Redis, an organization in traffic with twenty counters of its own') * 1_000);
    expect(cellsOf('organizations in traffic in 1 GB of Redis')[2]).toBe(`${rounded(organizations, 1)}, worked out`);
  });

  test('has no other figure that was worked out', () => {
    const derived = rows.filter((row) => row.includes('worked out')).map((row) => row.split('|')[1]?.trim());
    const headings = ['load'];
    const known = LOADS.map(({ load }) => `${load.toLocaleString('en')} requests/s`);
    expect(derived).toEqual(['organizations in traffic in 1 GB of Redis', ...headings, ...known]);
  });
});
