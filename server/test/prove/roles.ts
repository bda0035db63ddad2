// A process for requests and one for people: neither answers the other's paths, and a report over millions of rows does not hold up a stream.
import { setTimeout as sleep } from 'node:timers/promises';
import { masterKeyFor } from '../../src/settings/data-directory.ts';
import { listedModels } from './data-plane.ts';
import { type Fleet, startFleet } from './fleet.ts';
import type { Gateway } from './gateway.ts';
import { type Gaps, openStreams, type PacedProvider, startPacedProvider } from './paced-streams.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { type ReadReport, readReports } from './report-reader.ts';
import { adminPathsAt, dataPathsAt, ownPathsOf } from './role-paths.ts';
import { openSeeded, type SeededDatabase } from './seeded-database.ts';
import { makeCredential, makeKey, makeModel, makeTenant } from './tenant.ts';

const SIZES = {
  full: { organizations: 1_000, keys: 50_000, requests: 10_000_000, seedSecondsMax: 2_400 },
  quick: { organizations: 50, keys: 500, requests: 10_000, seedSecondsMax: 60 },
};
const STREAMS = 50;
const PACE_MS = 50;
const MODEL = 'paced';
/** What a report is answered whose question takes the database longer than ten seconds. */
const TOO_LONG = 503;
const MIB = 1024 * 1024;

/** What a report may do to a stream. The machine that measures has few cores, and database, reports and streams share them. */
const BARS = {
  full: { times: 2, p99MsMax: 150, worstMsMax: 1_000 },
  quick: { times: 5, p99MsMax: 500, worstMsMax: 3_000 },
};
/** What a report that is read a piece at a time adds to a process's memory. */
const MEMORY_BYTES_MAX = 512 * 1024 * 1024;

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const seeded = await openSeeded(quick ? SIZES.quick : SIZES.full);
  if (seeded === null) return { holds: false, figure: '', skipped: 'PostgreSQL is not installed' };
  try {
    const fleet = await startFleet({
      size: quick ? 2 : 3,
      postgres: seeded,
      env: { HEADGATE_MASTER_KEY: masterKeyFor(seeded.dataDir).toString('base64') },
      envOf: (index) => ({ HEADGATE_ROLE: ['admin', 'data', 'all'][index] as string }),
    });
    if (fleet === null) return { holds: false, figure: '', skipped: 'Redis is not installed' };
    const provider = await startPacedProvider(PACE_MS);
    try {
      return await onFleet(fleet, seeded, provider, quick);
    } finally {
      await fleet.stop();
      await provider.stop();
    }
  } finally {
    await seeded.stop();
  }
}

async function onFleet(fleet: Fleet, seeded: SeededDatabase, provider: PacedProvider, quick: boolean): Promise<ProveResult> {
  const [admin, data, both] = fleet.replicas as [Gateway, Gateway, Gateway | undefined];
  const credentialId = await makeCredential(admin, 'openai', provider.baseUrl);
  await makeModel(admin, { model: MODEL, provider: 'openai', upstreamModel: MODEL, credentialId });
  const { secret } = await makeKey(admin, await makeTenant(admin));
  while (!(await listedModels(data, secret)).includes(MODEL)) await sleep(50);
  const paths = await pathsOf(admin, data, secret);
  const question = { provider, secret, seconds: quick ? { quiet: 3, loud: 4 } : { quiet: 20, loud: 60 } };
  const apart = await measured({ ...question, streams: data, reports: admin });
  const together = both === undefined ? null : await measured({ ...question, streams: both, reports: both });
  return allOf([paths, resultOf(seeded.loaded, apart, together, quick)]);
}

async function pathsOf(admin: Gateway, data: Gateway, secret: string): Promise<ProveResult> {
  const atData = await adminPathsAt(data, admin);
  const atAdmin = await dataPathsAt(admin, secret);
  const own = [await ownPathsOf(data), await ownPathsOf(admin)];
  const problems = [
    ...atData.problems.map((problem) => `data: ${problem}`),
    ...[atAdmin, ...own].flatMap((asked) => asked.problems),
  ];
  return {
    holds: problems.length === 0,
    figure: `data: ${atData.count - atData.problems.length} of ${atData.count} admin routes and console addresses are 404; admin: ${atAdmin.count - atAdmin.problems.length} of ${atAdmin.count} paths of /v1 are 404; health and metrics at both`,
    details: problems.slice(0, 20),
  };
}

interface Question {
  readonly provider: PacedProvider;
  readonly secret: string;
  readonly seconds: { readonly quiet: number; readonly loud: number };
  readonly streams: Gateway;
  readonly reports: Gateway;
}

interface Measured {
  readonly before: Gaps;
  readonly during: Gaps;
  readonly reports: readonly ReadReport[];
  /** Of the process that makes the reports. */
  readonly residentBytes: { readonly before: number; readonly most: number; readonly after: number };
  readonly wholeStreams: number;
}

async function measured({ provider, secret, seconds, streams, reports }: Question): Promise<Measured> {
  const open = await openStreams(streams.base, secret, MODEL, STREAMS);
  await sleep(1_000);
  open.read();
  await sleep(seconds.quiet * 1_000);
  const before = open.read();
  const memory = await watchMemory(reports);
  const read = await readReports({
    base: reports.base,
    adminToken: reports.adminToken,
    paths: REPORTS,
    width: 2,
    msMin: seconds.loud * 1_000,
  });
  const during = open.read();
  provider.finish();
  return {
    before,
    during,
    reports: read,
    residentBytes: await memory.end(),
    wholeStreams: (await open.ended()).filter(({ is }) => is === 'whole').length,
  };
}

/** The heaviest there are: over every organization, thirty days, and lists to their last row. */
const REPORTS = [
  '/requests/export',
  '/usage?group_by=model&interval=day',
  '/usage/export?group_by=organization',
  '/keys/export',
  '/overview',
  '/usage?group_by=provider&interval=day',
  '/usage?group_by=organization,team,key,model,provider',
  '/organizations/export',
];

async function watchMemory({ base }: Gateway) {
  const read = async () => {
    const text = await (await fetch(`${base}/metrics`)).text();
    return Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1]);
  };
  const before = await read();
  let most = before;
  const timer = setInterval(
    () =>
      void read()
        .then((bytes) => (most = Math.max(most, bytes)))
        .catch(() => {}),
    500,
  );
  return {
    end: async () => {
      clearInterval(timer);
      const after = await read();
      return { before, most: Math.max(most, after), after };
    },
  };
}

function resultOf(loaded: string, apart: Measured, together: Measured | null, quick: boolean): ProveResult {
  const { times, p99MsMax, worstMsMax } = quick ? BARS.quick : BARS.full;
  const { before, during, reports, residentBytes, wholeStreams } = apart;
  const p99 = { before: quantile(before.between, 0.99), during: quantile(during.between, 0.99) };
  const whole = reports.filter(({ status }) => status === 200).length;
  const grown = residentBytes.most - residentBytes.before;
  const problems = [
    ...(p99.during <= Math.max(times * p99.before, p99MsMax) ? [] : [`p99 rose to ${p99.during.toFixed(0)} ms`]),
    ...((during.between.at(-1) as number) <= worstMsMax ? [] : [`a stream stood for ${during.between.at(-1)?.toFixed(0)} ms`]),
    ...(grown <= MEMORY_BYTES_MAX ? [] : [`the admin process grew by ${mib(grown)}`]),
    ...(wholeStreams === STREAMS ? [] : [`${wholeStreams} of ${STREAMS} streams came to their end`]),
    ...reports
      .filter(({ status }) => status !== 200 && status !== TOO_LONG)
      .map(({ path, status }) => `${path} was answered ${status}`),
    ...(2 * whole >= reports.length ? [] : [`only ${whole} of ${reports.length} reports were answered`]),
  ];
  const contrast = together === null ? '' : `; one process for both: ${gapsOf(together)}`;
  return {
    holds: problems.length === 0,
    figure: `${loaded}; ${STREAMS} streams, a piece every ${PACE_MS} ms, beside ${reports.length} reports and exports of ${mib(bytesOf(reports))}${whole === reports.length ? '' : `, of which ${reports.length - whole} ended at the ten seconds that a question may take`}: ${gapsOf(apart)}${contrast}; the admin process's memory ${mib(residentBytes.before)} before, ${mib(residentBytes.most)} at most, ${mib(residentBytes.after)} after`,
    log: linesOf(reports),
    details: problems.slice(0, 20),
  };
}

function gapsOf({ before, during }: Measured): string {
  const of = ({ between, through }: Gaps) =>
    `p99 ${quantile(between, 0.99).toFixed(1)} ms, longest ${(between.at(-1) ?? Number.NaN).toFixed(0)} ms, through the gateway p99 ${quantile(through, 0.99).toFixed(1)} ms`;
  return `between pieces before ${of(before)}; during ${of(during)}`;
}

function linesOf(reports: readonly ReadReport[]): string[] {
  return REPORTS.map((path) => {
    const its = reports.filter((report) => report.path === path).sort((a, b) => a.ms - b.ms);
    const { ms = Number.NaN, bytes = 0 } = its.at(-1) ?? {};
    return `${String(its.length).padStart(4)} times, at most ${(ms / 1_000).toFixed(1).padStart(5)} s and ${mib(bytes).padStart(8)}  ${path}`;
  });
}

function bytesOf(reports: readonly ReadReport[]): number {
  return reports.reduce((sum, { bytes }) => sum + bytes, 0);
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(bytes < 10 * MIB ? 1 : 0)} MiB`;
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(Math.ceil(sorted.length * part), sorted.length) - 1] ?? Number.NaN;
}
