// Replicas of an earlier version are replaced one after the other under load, behind a balancer that asks each whether it is ready: no request
// fails, streams are cut only past the drain's bound, with a word and charged for what came; what was there before is there afterwards.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { earlierRelease } from './earlier-release.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { beginFleetLoad, watchFleet } from './fleet-load.ts';
import { booksOf, type FleetSite, furnishFleet, tallyOf } from './fleet-site.ts';
import { type Gateway, repository, startGateway, temporaryDirectory } from './gateway.ts';
import { compare, readAll, write } from './kept-installation.ts';
import { type MeteredProvider, startMeteredProvider } from './metered-provider.ts';
import { openStreams, type PacedProvider, type PacedStreams, type StreamEnd, startPacedProvider } from './paced-streams.ts';
import type { ProveOptions, ProveResult } from './prove.ts';
import { inDatabase } from './stored-rows.ts';
import { type Key, makeCredential, makeKey, makeModel, makeTenant } from './tenant.ts';

/** The last commit before recurring jobs had tables of their own: its replicas count together in Redis already. Another one by `HEADGATE_PROVE_FROM`. */
const EARLIER = process.env.HEADGATE_PROVE_FROM ?? '05b62d7';
const WIDTH = 12;
/** Of each kind at each replica when it is told to go: one kind ends within the bound, the other would never. */
const STREAMS = 3;
const PACE_MS = 50;
const PHASE = 'roll';
const TOKEN_BYTES = 4;
const BEFORE_MS = 2_000;

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const folder = await earlierRelease(EARLIER);
  if (folder === null) return { holds: false, figure: '', skipped: `the history does not hold ${EARLIER}: the clone is shallow` };
  const seconds = { lead: quick ? 1 : 2, drain: 4 };
  const fleet = await startFleet({
    size: quick ? 2 : 3,
    cwd: folder,
    env: { HEADGATE_DRAIN_LEAD_SECONDS: String(seconds.lead), HEADGATE_DRAIN_SECONDS: String(seconds.drain) },
  });
  if (fleet === null) return { holds: false, figure: '', skipped: 'PostgreSQL or Redis is not installed' };
  const providers = {
    metered: await startMeteredProvider(),
    short: await startPacedProvider(PACE_MS),
    endless: await startPacedProvider(PACE_MS),
  };
  try {
    return await rolled(fleet, folder, providers, quick ? 30 : 150);
  } finally {
    await fleet.stop();
    for (const provider of Object.values(providers)) await provider.stop();
  }
}

interface Providers {
  readonly metered: MeteredProvider;
  /** Its streams end while their replica drains. */
  readonly short: PacedProvider;
  readonly endless: PacedProvider;
}

async function rolled(fleet: Fleet, folder: string, providers: Providers, calls: number): Promise<ProveResult> {
  const [first] = fleet.replicas as [Gateway];
  const site = await furnishFleet(first, providers.metered);
  const key = await streamSite(first, providers);
  const written = await write(first, calls);
  const before = await readAll(first, written);
  const balancer = watchFleet(fleet);
  const load = beginFleetLoad(fleet, site, { width: WIDTH, phase: 'before', isIn: balancer.isIn });
  // Only what an upgrade does is the question: every replica knows the keys by now.
  await sleep(BEFORE_MS);
  load.phase = PHASE;
  const steps: Step[] = [];
  let older = '';
  let replacedKeys = 0;
  for (let index = 0; index < fleet.replicas.length; index += 1) {
    steps.push(await replaced(fleet, index, key, providers));
    if (index > 0) continue;
    older = await startedAnew(fleet, folder);
    replacedKeys = await keysReplaced(fleet);
  }
  await sleep(1_000);
  await load.stop();
  balancer.stop();
  const books = await booksOf(fleet, site, load, providers.metered);
  const tally = sumOf(load, site);
  const streams = await streamsOf(fleet, steps);
  const kept = await compare(before, fleet.replicas.at(-1) as Gateway, written);
  const migrations = migrationsIn(repository).filter((name) => !migrationsIn(folder).includes(name));
  const isOlderRefused = migrations.length === 0 || /^headgate: The database was written by a newer version/.test(older);
  const problems = [
    ...tally.failed,
    ...messagesOf(load),
    ...books.problems,
    ...streams.problems,
    ...kept.details,
    ...steps.flatMap(({ exitCode }, index) => (exitCode === 0 ? [] : [`replica ${index} ended with ${exitCode}`])),
    ...(isOlderRefused ? [] : [`the older version said: ${older}`]),
    ...(books.lost + books.doubled === 0 ? [] : ['the ledger is not what clients saw']),
  ];
  const between =
    migrations.length === 0
      ? 'no migration between'
      : `migrations between: ${migrations.join(', ')}; the older version started anew: “${older}”`;
  return {
    holds: problems.length === 0 && kept.holds && tally.answered > 0,
    figure: `${fleet.replicas.length} replicas from ${EARLIER} to this one, ${between}; side by side for ${secondsOf(steps)} s: ${tally.requests} requests, ${tally.failed.length} failed, ${replacedKeys} provider keys replaced by one version and read by both, lost ${books.lost}, doubled ${books.doubled}; ${streams.figure}; ${kept.figure}`,
    details: problems.slice(0, 20),
  };
}

/** A model for each kind of stream, and a key for both. */
async function streamSite(gateway: Gateway, { short, endless }: Providers): Promise<Key> {
  for (const [model, provider] of Object.entries({ short, endless })) {
    const credentialId = await makeCredential(gateway, 'openai', provider.baseUrl);
    await makeModel(gateway, { model, provider: 'openai', upstreamModel: model, credentialId });
  }
  return makeKey(gateway, await makeTenant(gateway));
}

interface Step {
  readonly short: readonly StreamEnd[];
  readonly endless: readonly StreamEnd[];
  readonly exitCode: number | null;
  readonly beganMs: number;
  readonly readyMs: number;
}

/** One replica is told to go while streams of both kinds run at it, and comes again as this version. */
async function replaced(fleet: Fleet, index: number, { secret }: Key, { short }: Providers): Promise<Step> {
  const replica = fleet.replicas[index] as Gateway;
  const open = (model: string): Promise<PacedStreams> => openStreams(replica.base, secret, model, STREAMS);
  // The key is new to it, and only what comes now is the question.
  await untilKnown(replica, secret);
  const streams = { short: await open('short'), endless: await open('endless') };
  const beganMs = performance.now();
  const going = replica.stop();
  await sleep(500);
  short.finish();
  const exitCode = await going;
  await fleet.restart(index);
  const ends = { short: await streams.short.ended(), endless: await streams.endless.ended() };
  return { ...ends, exitCode, beganMs, readyMs: performance.now() };
}

/** Each provider key is replaced by both versions in turn, so that each has to open what the other sealed: what cannot would refuse calls. */
async function keysReplaced({ replicas }: Fleet): Promise<number> {
  const [newer, older] = replicas as [Gateway, Gateway];
  const { data } = await newer.admin<{ data: { id: string }[] }>('GET', '/credentials');
  for (const [at, { id }] of data.entries())
    for (const by of at % 2 === 0 ? [newer, older] : [older, newer])
      await by.admin('PATCH', `/credentials/${id}`, { api_key: `sk-replaced-${at}-0123456789` });
  return data.length;
}

async function untilKnown({ base }: Gateway, secret: string): Promise<void> {
  for (let tries = 0; tries < 50; tries += 1) {
    const said = await fetch(`${base}/v1/models`, { headers: { authorization: `Bearer ${secret}` } });
    await said.arrayBuffer();
    if (said.status === 200) return;
    await sleep(100);
  }
}

/** The last line of the earlier version when it is started beside the new one. */
async function startedAnew(fleet: Fleet, folder: string): Promise<string> {
  try {
    const gateway = await startGateway({ ...fleet.optionsOf(0), cwd: folder, dataDir: temporaryDirectory() });
    await gateway.stop();
    return 'it served';
  } catch (error) {
    return (error as Error).message.trim().split('\n').at(-1) ?? '';
  }
}

function sumOf(load: Parameters<typeof tallyOf>[0], site: FleetSite) {
  const tallies = Object.keys(site).map((house) => tallyOf(load, `${PHASE}-${house}`));
  return {
    requests: tallies.reduce((sum, { requests }) => sum + requests, 0),
    answered: tallies.reduce((sum, { answered }) => sum + answered, 0),
    failed: tallies.flatMap(({ failed }) => [...failed].map(([name, count]) => `${count} × ${name}`)),
  };
}

/** What the failed ones were told. */
function messagesOf({ fates }: Parameters<typeof tallyOf>[0]): readonly string[] {
  const told = [...fates].flatMap(([id, fate]) =>
    id.startsWith(PHASE) && fate.is === 'error' ? [`${id}: ${fate.message}`] : [],
  );
  return told.slice(0, 6);
}

/** Those that could end did; the others ended with a word, and were charged for what had come by then. */
async function streamsOf({ postgres }: Fleet, steps: readonly Step[]) {
  const short = steps.flatMap((step) => step.short);
  const endless = steps.flatMap((step) => step.endless);
  const rows = await inDatabase({ databaseUrl: postgres.url }, (query) =>
    query(`select request_id, output_tokens, nano_usd from ledger_entries
      where request_id in (${endless.map(({ requestId }) => `'${requestId}'`).join(', ')})`),
  );
  const problems = short.filter(({ is }) => is !== 'whole').map(({ is }) => `a stream that ended within the bound was ${is}`);
  let charged = 0;
  for (const { is, requestId, textBytes } of endless) {
    if (is !== 'told') problems.push(`a stream past the bound was ${is}`);
    const row = rows.find((one) => one.request_id === requestId);
    const tokens = Number(row?.output_tokens);
    // Bytes by four, as everywhere a provider has not said; the last pieces may have been on their way.
    const isFair = Math.abs(tokens - textBytes / TOKEN_BYTES) <= 0.25 * (textBytes / TOKEN_BYTES) && Number(row?.nano_usd) > 0;
    if (isFair) charged += 1;
    else problems.push(`${requestId}: ${textBytes} bytes came, ${tokens} tokens were charged`);
  }
  const whole = short.filter(({ is }) => is === 'whole').length;
  const told = endless.filter(({ is }) => is === 'told').length;
  return {
    problems,
    figure: `${whole} of ${short.length} streams within the drain's bound came whole, ${told} of ${endless.length} past it ended with an error in the stream, ${charged} charged for what came`,
  };
}

function migrationsIn(folder: string): readonly string[] {
  return readdirSync(path.join(folder, 'server/src/store/migrations')).filter((name) => name.endsWith('.sql'));
}

/** From the first of the new ones that was ready to the last of the old ones that was told to go. */
function secondsOf(steps: readonly Step[]): string {
  return (((steps.at(-1)?.beganMs ?? 0) - (steps[0]?.readyMs ?? 0)) / 1_000).toFixed(1);
}
