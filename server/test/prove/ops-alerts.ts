// Each alert of `deploy/prometheus/alerts.yaml` is fired by a fault that is made for real, in a real Prometheus that scrapes real gateways, and
// none fires while they are well. An alert without a fault is missed. HEADGATE_PROVE_ROWS: only the sites whose names match.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { hasRedis } from '../support/redis.ts';
import { type AlertSite, type FiredAlert, type SiteResult, watchSite } from './alert-faults.ts';
import { openBugSite } from './alert-faults-bug.ts';
import { openDiskSite } from './alert-faults-disk.ts';
import { openFleetSite } from './alert-faults-fleet.ts';
import { openJobsSite } from './alert-faults-jobs.ts';
import { openProviderSite } from './alert-faults-provider.ts';
import { hasPrometheus } from './alert-watch.ts';
import { type CertifiedPostgres, startCertifiedPostgres } from './certified-postgres.ts';
import { repository } from './gateway.ts';
import { mountMemory } from './memory-disk.ts';
import { isRowWanted, type ProveOptions, type ProveResult } from './prove.ts';
import { alertsIn, type ShortenedRules, shortenRules, TIMES_FASTER } from './shortened-rules.ts';
import { inDatabase } from './stored-rows.ts';

interface SiteRow {
  readonly name: string;
  /** Returns null where the machine lacks a program. */
  open(postgres: CertifiedPostgres): Promise<AlertSite | null>;
}

/** The sites of a lane are watched one after the other, so that no more than three run at once. */
const LANES: readonly (readonly SiteRow[])[] = [
  [{ name: 'fleet', open: openFleetSite }],
  [
    { name: 'provider', open: async (postgres) => openProviderSite(await newDatabase(postgres, 'provider')) },
    { name: 'bug', open: async (postgres) => openBugSite(await newDatabase(postgres, 'bug')) },
  ],
  [
    { name: 'jobs', open: openJobsSite },
    { name: 'disk', open: async (postgres) => openDiskSite(postgres, await newDatabase(postgres, 'disk')) },
  ],
];

/** For the data directories of all sites. */
const DISK_MEGABYTES = 4_096;

export async function run({ quick, doing = () => {} }: ProveOptions): Promise<ProveResult> {
  if (quick) return skipped('it has no quick form; alerts.rules tries the rules alone');
  const missing = lacking();
  if (missing !== null) return skipped(missing);
  // Whatever fills the machine's own disk is no fault of these gateways.
  const memory = mountMemory(DISK_MEGABYTES);
  const before = process.env.TMPDIR;
  process.env.TMPDIR = memory.directory;
  try {
    return await watchSites(doing);
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    memory.unmount();
  }
}

async function watchSites(doing: (what: string) => void): Promise<ProveResult> {
  const postgres = await startCertifiedPostgres();
  if (postgres === null) return skipped('PostgreSQL or openssl is not installed');
  const rules = readFileSync(path.join(repository, 'deploy/prometheus/alerts.yaml'), 'utf8');
  const short = shortenRules(rules);
  const results: SiteResult[] = [];
  try {
    const lanes = LANES.map(async (lane) => {
      for (const row of wanted(lane))
        results.push(await siteResult(row, postgres, short.text, doing).catch((error) => failedSite(row.name, error)));
    });
    await Promise.all(lanes);
  } catch (error) {
    if (error instanceof ProgramMissing) return skipped(error.message);
    throw error;
  } finally {
    await postgres.stop();
  }
  return judge(alertsIn(rules), results, short);
}

function skipped(why: string): ProveResult {
  return { holds: false, figure: '', skipped: why };
}

/** What the machine lacks, as far as it can be seen before anything is started. */
function lacking(): string | null {
  if (!hasPrometheus()) return "Prometheus is missing (Debian's package prometheus)";
  if (!hasRedis('Redis')) return 'Redis is not installed';
  return process.getuid?.() === 0 ? null : 'only root may mount the small disk';
}

class ProgramMissing extends Error {}

function wanted(lane: readonly SiteRow[]): readonly SiteRow[] {
  return lane.filter(({ name }) => isRowWanted(name));
}

async function siteResult(
  { name, open }: SiteRow,
  postgres: CertifiedPostgres,
  rules: string,
  doing: (what: string) => void,
): Promise<SiteResult> {
  doing(`${name}: opens`);
  const site = await open(postgres);
  if (site === null) throw new ProgramMissing(`PostgreSQL, Redis or libfaketime is not installed, which the site ${name} needs`);
  try {
    return await watchSite(rules, site, doing);
  } finally {
    await site.close();
  }
}

/** A site that cannot be opened keeps no other from being watched. */
function failedSite(name: string, error: unknown): SiteResult {
  if (error instanceof ProgramMissing) throw error;
  const problem = `${name}: ${error instanceof Error ? error.stack : error}`;
  return { name, alerts: [], atRest: [], beside: [], problems: [problem] };
}

async function newDatabase({ url }: CertifiedPostgres, name: string): Promise<string> {
  await inDatabase({ databaseUrl: url }, (query) => query(`create database ${name}`));
  return url.replace(/postgres$/, name);
}

function judge(alerts: readonly string[], results: readonly SiteResult[], short: ShortenedRules): ProveResult {
  const tried = results.flatMap((result) => result.alerts);
  const fired = alerts.filter((alert) => tried.some((one) => one.alert === alert && one.firedMs !== null));
  const ended = alerts.filter((alert) => tried.some((one) => one.alert === alert && one.endedMs !== null));
  const atRest = results.flatMap((result) => result.atRest);
  const problems = [
    ...results.flatMap((result) => result.problems),
    ...alerts.filter((alert) => !tried.some((one) => one.alert === alert)).map((alert) => `${alert} has no fault that fires it`),
    ...tried.filter(({ alert }) => !alerts.includes(alert)).map(({ alert, fault }) => `${fault}: there is no alert ${alert}`),
  ];
  const faults = results.reduce((sum, { beside }) => sum + beside.length, 0);
  return {
    holds: problems.length === 0,
    figure:
      `${alerts.length} alerts: ${fired.length} fired by their fault, ${alerts.length - fired.length} missed, ${atRest.length} fired on a site that is well, ` +
      `${ended.length} ended when it was mended; ${faults} faults on ${results.length} sites, in rules ${TIMES_FASTER} times as fast`,
    details: problems,
    log: [`durations of the rules: ${short.changed.join(', ')}`, ...results.flatMap(linesOf)],
  };
}

function linesOf({ name, alerts, beside }: SiteResult): readonly string[] {
  return beside.flatMap(({ fault, alerts: others }) => [
    `${name}: ${fault}${others.length === 0 ? '' : ` (beside: ${others.join(', ')})`}`,
    ...alerts.filter((one) => one.fault === fault).map((one) => `  ${one.alert}: ${times(one)}`),
  ]);
}

function times({ firedMs, endedMs }: FiredAlert): string {
  const after = (ms: number | null) => (ms === null ? 'never' : `after ${(ms / 1_000).toFixed(1)} s`);
  return `fired ${after(firedMs)}, ended ${after(endedMs)}`;
}
