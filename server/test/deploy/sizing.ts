/** The table of docs/sizing.md, worked out from the measured figures of docs/scale.md and the defaults of the settings. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { JOB_CONNECTIONS_MAX } from '../../src/settings/connection-budget.ts';
import { SETTINGS } from '../../src/settings/settings.ts';
import { repository } from '../prove/gateway.ts';

export const RATES = [10, 100, 1_000, 10_000] as const;
/** The share of a core that is planned to be busy, so that peaks and the loss of a replica have room. */
const BUSY = 0.5;
const CHUNKS = 200;
const DAY_SECONDS = 86_400;
const KEPT_DAYS = 30;
/** Beside the heap, while a very large body is read. */
const LARGE_BODY_MB = 512;

/** Reads a figure of docs/scale.md: the number that the pattern finds in the line that begins with these words. Throws if it is gone. */
export function figure(scale: string, words: string, pattern: RegExp): number {
  const line = scale.split('\n').find((one) => one.startsWith(`| ${words} |`));
  const found = line === undefined ? null : pattern.exec(line);
  if (found === null) throw new Error(`docs/scale.md has no “${words}” with ${pattern}`);
  return Number(found[1]?.replace(',', ''));
}

/** Returns the rows of the table, as they stand on the page. Of a range the larger figure counts. */
export function sizingRows(scale = readFileSync(path.join(repository, 'docs/scale.md'), 'utf8')): readonly string[] {
  const gatewayUs =
    figure(scale, "a gateway's CPU, counters in memory, PostgreSQL", /\| (\d+) µs/) +
    figure(scale, "what Redis adds to a gateway's CPU", /to (\d+) µs/);
  const chunkUs = figure(scale, "a gateway's CPU for a stream's chunk", /\| (\d+) µs/);
  const redisUs = figure(scale, "Redis's own CPU, per request", /to (\d+) µs/);
  const databaseUs = figure(scale, "PostgreSQL's own CPU", /to (\d+) µs/);
  const rowBytes = figure(scale, "PostgreSQL's disk", /to ([\d,]+) bytes/);
  const journalBytes = figure(scale, "the journal's disk", /\| ([\d,]+) bytes/);
  const memoryMb =
    figure(scale, "a gateway's memory, 20,000 keys of 10,308 organizations in traffic, twenty limits each", /\| ([\d.]+) GB/) *
    1_000;
  const untoldBytes = figure(scale, 'Redis, a settled request whose row is not stored yet', /\| (\d+) bytes/);
  const [journalMax, journalKept, connections] = [
    'HEADGATE_JOURNAL_BYTES_MAX',
    'HEADGATE_JOURNAL_KEEP_BYTES_MAX',
    'HEADGATE_DATABASE_CONNECTIONS',
  ].map(defaultOf) as [number, number, number];
  const buffered = 268_435_456 / 1e6;
  const replicas = (rate: number, us: number) => Math.max(2, Math.ceil((rate * us) / 1e6 / BUSY) + 1);
  const whole = (rate: number) => replicas(rate, gatewayUs);
  const cells: readonly (readonly [string, (rate: number) => string])[] = [
    ['gateways of one core, whole answers', (rate) => String(whole(rate))],
    [`gateways of one core, streams of ${CHUNKS} chunks`, (rate) => String(replicas(rate, gatewayUs + CHUNKS * chunkUs))],
    ['memory of each gateway', () => `${Math.ceil((memoryMb + buffered + LARGE_BODY_MB) / 1_000)} GB`],
    ['data volume of each gateway', () => `${Math.ceil((journalMax + journalKept) / 1e9)} GB`],
    ['PostgreSQL may be away for', (rate) => duration(journalMax / ((rate / whole(rate)) * journalBytes))],
    ['PostgreSQL, cores', (rate) => String(Math.max(1, Math.ceil((rate * databaseUs) / 1e6 / BUSY)))],
    ['PostgreSQL, disk a day', (rate) => size(rate * DAY_SECONDS * rowBytes)],
    [`PostgreSQL, disk for ${KEPT_DAYS} days`, (rate) => size(rate * DAY_SECONDS * rowBytes * KEPT_DAYS)],
    ['PostgreSQL, connections', (rate) => String((whole(rate) + 1) * (connections + 1 + JOB_CONNECTIONS_MAX))],
    ['Redis, masters of one core', (rate) => String(Math.max(1, Math.ceil((rate * redisUs) / 1e6 / 0.7)))],
    ['Redis, memory for an hour without PostgreSQL', (rate) => size(rate * 3_600 * untoldBytes)],
  ];
  return cells.map(([name, cell]) => `| ${name} | ${RATES.map(cell).join(' | ')} |`);
}

function defaultOf(name: string): number {
  return Number(SETTINGS.find((setting) => setting.name === name)?.default);
}

/** Returns bytes with two significant digits. */
function size(bytes: number): string {
  const [unit, by] = bytes >= 1e12 ? ['TB', 1e12] : bytes >= 1e9 ? ['GB', 1e9] : ['MB', 1e6];
  return `${Number((bytes / (by as number)).toPrecision(2))} ${unit}`;
}

function duration(seconds: number): string {
  return seconds >= 7_200 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 60)} min`;
}
