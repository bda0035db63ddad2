/** The promises of compose.yaml, one after the other, on an installation that docker-compose brings up from nothing. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ComposeSite, Service } from '../deploy/compose-site.ts';
import { defaultOf, readYaml } from '../deploy/files.ts';
import { type Ended, lastLine } from '../deploy/programs.ts';
import { answersSql, booksIn, untilTrue } from './composed-books.ts';
import { adminOf } from './gateway.ts';
import { openStreams, type PacedProvider } from './paced-streams.ts';
import type { ProveResult } from './prove.ts';
import { type SteadyLoad, startLoad } from './steady-load.ts';
import { type Key, makeCredential, makeKey, makeModel, makeTenant, PROVIDER_SECRET } from './tenant.ts';

const MODEL = 'echo';
const PACED = 'paced';
const SERVICES: readonly Service[] = ['gateway', 'postgres', 'valkey'];
const HEALTHY_MS_MAX = 180_000;
const READY_MS_MAX = 120_000;
const LOAD_MS = 3_000;
const STREAM_MS = 4_000;
const GRACE_SECONDS = Number.parseInt(
  readYaml<{ services: { gateway: { stop_grace_period: string } } }>('compose.yaml').services.gateway.stop_grace_period,
  10,
);
const DRAIN_SECONDS = Number(defaultOf('HEADGATE_DRAIN_SECONDS'));

export interface Composing {
  readonly site: ComposeSite;
  /** Where the gateway's port is published. */
  readonly base: string;
  readonly paced: PacedProvider;
  readonly doing: (what: string) => void;
}

/** What was found so far. */
interface Findings {
  readonly misses: string[];
  readonly figures: string[];
  /** Ids of requests whose answers clients saw whole. */
  readonly seen: Set<string>;
  /** What must not be in the logs, by name. */
  readonly secrets: Map<string, string>;
  logLines: number;
}

type Step = (composing: Composing, findings: Findings) => Promise<void>;

export async function judgeComposed(composing: Composing): Promise<ProveResult> {
  const { HEADGATE_LISTEN: _, HEADGATE_ALLOWED_UPSTREAMS: __, ...secrets } = composing.site.settings;
  const findings: Findings = { misses: [], figures: [], seen: new Set(), secrets: new Map(Object.entries(secrets)), logLines: 0 };
  await judgeSettings(composing, findings);
  composing.doing('coming up');
  await judgeStart(composing, findings);
  await judgeRights(composing, findings);
  const keys = await furnish(composing, findings);
  const steps: readonly (readonly [what: string, step: Step])[] = [
    ['serving', (...each) => judgeServing(keys, ...each)],
    ['restarting', judgeRestart],
    ['killing the gateway', (...each) => judgeKill(keys, 'gateway', ...each)],
    ['killing PostgreSQL', (...each) => judgeKill(keys, 'postgres', ...each)],
    ['stopping', (...each) => judgeStop(keys, ...each)],
    ['removing', (...each) => judgeRemoval(keys, ...each)],
  ];
  for (const [what, step] of steps) {
    composing.doing(what);
    await step(composing, findings);
  }
  const { misses, figures, seen, logLines, secrets: hidden } = findings;
  figures.push(
    `${seen.size} answers seen by clients, each stored once`,
    `${hidden.size} secrets sought in ${logLines} lines of log`,
  );
  return {
    holds: misses.length === 0 && seen.size > 0 && logLines > 0,
    figure: `${figures.join('; ')}; ${misses.length} of its promises missed`,
    details: misses,
  };
}

function must({ misses }: Findings, what: string, holds: boolean, ended?: Ended): void {
  if (!holds) misses.push(ended === undefined ? what : `${what}: ${lastLine(ended)}`);
}

async function judgeSettings({ site }: Composing, findings: Findings): Promise<void> {
  const accepted = await site.compose('config', '--quiet');
  must(findings, 'docker-compose accepts it', accepted.status === 0, accepted);
  const refused = await site.withoutSettings('config', '--quiet');
  const lines = refused.stderr.trim().split('\n');
  const says = /required variable \w+ is missing a value: see the head of compose\.yaml/;
  must(findings, 'it is refused without settings in one line', refused.status !== 0 && lines.length === 1, refused);
  must(findings, 'the line says where the settings are explained', says.test(lines[0] ?? ''), refused);
}

async function judgeStart({ site, base }: Composing, findings: Findings): Promise<void> {
  const begun = Date.now();
  const up = await site.compose('up', '--detach', '--no-build');
  must(findings, 'it comes up', up.status === 0, up);
  must(findings, 'all are healthy', await areHealthy(site));
  findings.figures.push(`healthy ${secondsSince(begun)} s after \`up\``);
  const link = await site.compose('exec', '--no-TTY', 'gateway', 'node', 'server/src/cli/headgate.js', 'first-admin-link');
  const token = /^http:\/\/localhost:4000\/first-admin\?token=(\S+)$/m.exec(link.stdout)?.[1];
  must(findings, 'the documented command prints a link', link.status === 0 && token !== undefined, link);
  const checked = await fetch(`${base}/api/v1/session/first-admin?token=${token}`);
  must(findings, 'the link can be used', ((await checked.json()) as { valid?: boolean }).valid === true);
  findings.secrets.set('the first admin’s link', token ?? 'no link');
}

async function judgeRights({ site }: Composing, findings: Findings): Promise<void> {
  const inGateway = (...command: string[]) => site.compose('exec', '--no-TTY', 'gateway', ...command);
  const status = (await inGateway('cat', '/proc/1/status')).stdout;
  const field = (name: string) => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1];
  const uid = field('Uid');
  must(findings, `it is not root (uid ${uid})`, uid !== undefined && uid !== '0');
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
    must(findings, `it has no capability (${set} ${field(set)})`, /^0+$/.test(field(set) ?? ''));
  must(findings, 'it can gain no rights', field('NoNewPrivs') === '1');
  must(findings, 'its root file system cannot be written to', (await inGateway('touch', '/headgate/x')).status !== 0);
  must(findings, 'its data and /tmp can', (await inGateway('touch', '/data/x', '/tmp/x')).status === 0);
  await inGateway('rm', '/data/x', '/tmp/x');
  findings.figures.push(`read-only, no capabilities, uid ${uid}`);
}

/** One organization with a key, a model of the provider that needs no network, and one whose provider streams until it is told. */
async function furnish({ site, base, paced }: Composing, findings: Findings): Promise<readonly Key[]> {
  const gateway = adminOf(base, site.settings.HEADGATE_ADMIN_TOKEN as string);
  await makeModel(gateway, { model: MODEL, provider: 'fake', upstreamModel: 'fake-small' });
  const credentialId = await makeCredential(gateway, 'openai', paced.baseUrl);
  await makeModel(gateway, { model: PACED, provider: 'openai', upstreamModel: PACED, credentialId });
  const tenant = await makeTenant(gateway);
  const key = await makeKey(gateway, tenant);
  findings.secrets.set('the key', key.secret).set('the provider’s key', PROVIDER_SECRET);
  return [key];
}

async function judgeServing(keys: readonly Key[], composing: Composing, findings: Findings): Promise<void> {
  const load = loadOf(keys, composing, 'serving');
  await sleep(LOAD_MS);
  await load.stop();
  must(findings, 'every request is answered', failuresOf(load) === 0 && load.fates.size > 0);
  for (const fate of load.fates.values()) if (fate.is === 'answered') findings.seen.add(fate.requestId);
  await judgeBooks(composing, findings);
}

async function judgeRestart({ site, base }: Composing, findings: Findings): Promise<void> {
  const begun = Date.now();
  // Without a time, podman's API takes a restart for a kill. Docker's takes the grace period.
  const restarted = await site.compose('restart', `--timeout=${GRACE_SECONDS}`);
  must(findings, 'it is restarted', restarted.status === 0, restarted);
  must(findings, 'it is ready after a restart', await isReady(base));
  findings.figures.push(`ready ${secondsSince(begun)} s after \`restart\` began`);
}

/** Kills a service under load. The gateway must come back by itself; while PostgreSQL is away every request must be answered. */
async function judgeKill(keys: readonly Key[], service: Service, composing: Composing, findings: Findings): Promise<void> {
  const { site, base } = composing;
  const load = loadOf(keys, composing, service);
  await sleep(LOAD_MS);
  const begun = Date.now();
  const killed = await site.kill(service);
  const isBack = await untilTrue(READY_MS_MAX, async () => {
    const pid = await site.pidOf(service);
    return pid !== 0 && pid !== killed && (await answersSql(site));
  });
  must(findings, `it is ready after a kill of ${service}`, isBack && (await isReady(base)));
  findings.figures.push(`back ${secondsSince(begun)} s after \`kill -9\` of ${service} under load`);
  await sleep(LOAD_MS);
  await load.stop();
  const failed = failuresOf(load);
  if (service === 'postgres') must(findings, `known keys are served meanwhile (${failed} failed)`, failed === 0);
  for (const fate of load.fates.values()) if (fate.is === 'answered') findings.seen.add(fate.requestId);
  await judgeBooks(composing, findings);
}

/** Stops everything while a stream runs, which ends by itself before the drain does. */
async function judgeStop(keys: readonly Key[], composing: Composing, findings: Findings): Promise<void> {
  const { site, base, paced } = composing;
  const streams = await openStreams(base, (keys[0] as Key).secret, PACED, 1);
  const finishing = sleep(STREAM_MS).then(() => paced.finish());
  const begun = Date.now();
  const stopped = await site.compose('stop');
  const tookMs = Date.now() - begun;
  await finishing;
  const [stream] = await streams.ended();
  must(findings, 'it stops', stopped.status === 0, stopped);
  must(
    findings,
    `it stops within its grace period (${tookMs} ms), after the stream`,
    tookMs > STREAM_MS && tookMs < GRACE_SECONDS * 1_000,
  );
  must(findings, `the stream in flight ends whole (${stream?.is})`, stream?.is === 'whole');
  for (const { Service: service, ExitCode } of await site.list())
    must(findings, `${service} ends by itself (exit code ${ExitCode})`, ExitCode === 0);
  findings.figures.push(
    `stopped in ${(tookMs / 1000).toFixed(1)} s with a stream of ${STREAM_MS / 1000} s in flight, which ended whole`,
  );
  if (stream !== undefined) findings.seen.add(stream.requestId);
  const started = await site.compose('start');
  must(findings, 'it starts again', started.status === 0 && (await isReady(base)), started);
  await judgeBooks(composing, findings);
}

/** Removes every container while a stream runs that never ends, and brings them up again on the volumes. */
async function judgeRemoval(keys: readonly Key[], composing: Composing, findings: Findings): Promise<void> {
  const { site, base } = composing;
  await judgeLogs(composing, findings);
  const streams = await openStreams(base, (keys[0] as Key).secret, PACED, 1);
  const begun = Date.now();
  const down = await site.compose('down');
  const tookMs = Date.now() - begun;
  const [stream] = await streams.ended();
  must(findings, 'it is removed', down.status === 0 && (await site.list()).length === 0, down);
  must(
    findings,
    `it is removed at the end of the drain (${tookMs} ms)`,
    tookMs > (DRAIN_SECONDS - 1) * 1_000 && tookMs < GRACE_SECONDS * 1_000,
  );
  must(findings, `a stream that does not end is told so (${stream?.is})`, stream?.is === 'told');
  const again = Date.now();
  const up = await site.compose('up', '--detach', '--no-build');
  must(findings, 'it comes up on its volumes', up.status === 0 && (await areHealthy(site)), up);
  findings.figures.push(
    `\`down\` took ${(tookMs / 1000).toFixed(1)} s with a stream that does not end, \`up\` again ${secondsSince(again)} s`,
  );
  if (stream !== undefined) findings.seen.add(stream.requestId);
  await judgeServing(keys, composing, findings);
  await judgeLogs(composing, findings);
}

async function judgeLogs({ site }: Composing, findings: Findings): Promise<void> {
  const { stdout } = await site.compose('logs', '--no-color');
  for (const service of SERVICES) must(findings, `there are logs of ${service}`, stdout.includes(`${service}-1`));
  must(findings, 'the log says that it is ready', stdout.includes('headgate is ready'));
  for (const [name, secret] of findings.secrets) must(findings, `${name} is not in the logs`, !stdout.includes(secret));
  findings.logLines += stdout.trim().split('\n').length;
}

function loadOf(keys: readonly Key[], { base }: Composing, phase: string): SteadyLoad {
  return startLoad({ base, keys, model: MODEL, width: 4, phase, pauseMs: 20 });
}

/** Calls that somebody heard and that were not answered. */
function failuresOf(load: SteadyLoad): number {
  return [...load.fates.values()].filter(({ is }) => is !== 'answered').length;
}

/** Every answer that a client saw whole must be in PostgreSQL, once, and charged as its row says. */
async function judgeBooks({ site }: Composing, findings: Findings): Promise<void> {
  const { missing, doubled, differing } = await booksIn(site, findings.seen);
  must(findings, `every answer that was seen is stored (${missing} are missing)`, missing === 0);
  must(findings, `no request is stored twice (${doubled} are)`, doubled === 0);
  must(findings, `the ledger charges what the requests say (${differing} differ)`, differing === 0);
}

function areHealthy(site: ComposeSite): Promise<boolean> {
  return untilTrue(HEALTHY_MS_MAX, async () => {
    const healthy = (await site.list()).filter(({ State, Health }) => State === 'running' && Health === 'healthy');
    return SERVICES.every((name) => healthy.some(({ Service: service }) => service === name));
  });
}

function isReady(base: string): Promise<boolean> {
  return untilTrue(READY_MS_MAX, async () => (await fetch(`${base}/health/ready`).catch(() => null))?.ok === true);
}

function secondsSince(beganMs: number): string {
  return ((Date.now() - beganMs) / 1000).toFixed(1);
}
