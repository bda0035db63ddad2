// The master key is rotated, and the pepper renewed with it, while replicas serve and load runs. The command is killed in the middle and run
// again; replicas are started again one by one with the new key. No request fails, and afterwards the old key opens nothing.
import { setTimeout as sleep } from 'node:timers/promises';
import { contentKeyPurpose, newDataKey, UnsealFailure, unwrapKey, wrapKey } from '../../src/lib/secrets.ts';
import { headgate, type Ran } from '../cli/support.ts';
import { chat } from './data-plane.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { beginFleetLoad, watchFleet } from './fleet-load.ts';
import { booksOf, type FleetSite, furnishFleet, tallyOf } from './fleet-site.ts';
import { type Gateway, START, startChild, startGateway, temporaryDirectory } from './gateway.ts';
import { type MeteredProvider, startMeteredProvider } from './metered-provider.ts';
import type { ProveOptions, ProveResult } from './prove.ts';
import { inDatabase } from './stored-rows.ts';

const WIDTH = 12;
const PHASE = 'rotate';

interface Size {
  /** Whose content keys a version before left. */
  readonly organizations: number;
  /** After how long the command is killed again: before it does anything, on its way, or after it is done. */
  readonly killedMs: readonly number[];
}

const QUICK: Size = { organizations: 3_000, killedMs: [900] };
const FULL: Size = { organizations: 20_000, killedMs: [400, 800, 1_200, 2_400] };

/** What the operator gives to processes now. */
interface Keys {
  readonly old: Buffer;
  readonly next: Buffer;
  present: Buffer;
}

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const keys = twoKeys();
  const provider = await startMeteredProvider();
  const fleet = await startFleet({
    size: quick ? 2 : 3,
    env: { HEADGATE_DRAIN_LEAD_SECONDS: '1', HEADGATE_DRAIN_SECONDS: '5' },
    envOf: () => ({ HEADGATE_MASTER_KEY: keys.present.toString('base64') }),
  });
  if (fleet === null) {
    await provider.stop();
    return { holds: false, figure: '', skipped: 'PostgreSQL or Redis is missing' };
  }
  try {
    return await rotated(fleet, provider, keys, quick ? QUICK : FULL);
  } finally {
    await fleet.stop();
    await provider.stop();
  }
}

function twoKeys(): Keys {
  const [old, next] = [newDataKey(), newDataKey()];
  return { old, next, present: old };
}

async function rotated(
  fleet: Fleet,
  provider: MeteredProvider,
  keys: Keys,
  { organizations, killedMs }: Size,
): Promise<ProveResult> {
  const problems: string[] = [];
  const must = (holds: boolean, otherwise: string) => void (holds || problems.push(otherwise));
  const [first] = fleet.replicas as [Gateway];
  const site = await furnishFleet(first, provider);
  const balancer = watchFleet(fleet);
  const load = beginFleetLoad(fleet, site, { width: WIDTH, phase: 'before', isIn: balancer.isIn });
  await sleep(1_500);
  load.phase = PHASE;
  const beganMs = performance.now();

  await betweenJobs();
  await asBefore(fleet, keys.old, organizations);
  const moved = await killedInTheMiddle(fleet, keys, organizations);
  must(moved > 0 && moved < organizations, `the command was killed after ${moved} of ${organizations} content keys`);
  for (const ms of killedMs) await killedAfter(fleet, keys, ms);
  const begun = await command(fleet, keys);
  must(
    begun.code === 0 && begun.out.startsWith('Both keys open the installation.'),
    `the first run said: ${begun.out}${begun.err}`,
  );
  keys.present = keys.next;
  for (let index = 0; index < fleet.replicas.length; index += 1) {
    const exitCode = await (fleet.replicas[index] as Gateway).stop();
    must(exitCode === 0, `replica ${index} ended with ${exitCode}`);
    if (index === 0) {
      const early = await command(fleet, keys);
      must(
        early.code === 1 && early.err.includes('Not finished'),
        `before all had the new key it said: ${early.out}${early.err}`,
      );
    }
    await fleet.restart(index);
  }
  await killedAfter(fleet, keys, 600);
  const ended = await finishedAtLast(fleet, keys);
  must(ended.code === 0 && ended.out.startsWith('Finished'), `the last run said: ${ended.out}${ended.err}`);
  // A process started from now on moves hashes to the new pepper.
  await (fleet.replicas[0] as Gateway).stop();
  const again = await fleet.restart(0);
  await sleep(1_000);
  await load.stop();
  balancer.stop();
  const seconds = (performance.now() - beganMs) / 1_000;

  const useless = await oldKeyIsUseless(fleet, keys);
  problems.push(...useless.problems);
  const peppers = await movedHashes(fleet, site, again);
  problems.push(...peppers.problems);
  const books = await booksOf(fleet, site, load, provider);
  must(books.lost + books.doubled === 0, 'the ledger is not what clients saw');
  problems.push(...books.problems);
  const chains = await verified(fleet, site);
  problems.push(...chains.problems);
  const tallies = Object.keys(site).map((house) => tallyOf(load, `${PHASE}-${house}`));
  const requests = tallies.reduce((sum, tally) => sum + tally.requests, 0);
  const failed = tallies.flatMap((tally) =>
    [...tally.failed].map(([name, count]) => `${count} × ${name}: ${tally.said.get(name) ?? ''}`),
  );
  return {
    holds: problems.length === 0 && failed.length === 0 && requests > 0,
    figure:
      `${fleet.replicas.length} replicas on PostgreSQL, master key and pepper renewed in ${seconds.toFixed(0)} s under load: ${requests} requests, ${failed.length} failed; ` +
      `the command killed ${killedMs.length + 2} times, once after ${moved} of ${organizations} content keys; lost ${books.lost}, doubled ${books.doubled}; ` +
      `the old key opens ${useless.opened} of ${useless.tried} wrapped keys, and a start with it says “${useless.said}”; ${peppers.figure}; ${chains.figure}`,
    details: [...failed, ...problems].slice(0, 20),
  };
}

/** A job moves what a version before left, at each full minute: the command should be what moves it. */
async function betweenJobs(): Promise<void> {
  while (new Date().getSeconds() < 5 || new Date().getSeconds() > 40) await sleep(500);
}

/** Organizations as a version before left them: each content key wrapped by the master key itself. */
async function asBefore({ postgres }: Fleet, master: Buffer, count: number): Promise<void> {
  await inDatabase({ databaseUrl: postgres.url }, async (query) => {
    const values = Array.from({ length: count }, (_, at) => {
      const id = `org_before_${String(at).padStart(6, '0')}`;
      return `('${id}', '${id.replaceAll('_', '-')}', '${id}', '\\x${wrapKey(master, newDataKey(), contentKeyPurpose(id)).toString('hex')}')`;
    });
    for (let at = 0; at < values.length; at += 1_000)
      await query(`insert into organizations (id, slug, name, content_key) values ${values.slice(at, at + 1_000).join(', ')}`);
  });
}

function settingsOf({ postgres, optionsOf }: Fleet, keys: Keys): Record<string, string> {
  const { dataDir } = optionsOf(0);
  return {
    DATABASE_URL: postgres.url,
    HEADGATE_DATA_DIR: dataDir as string,
    HEADGATE_MASTER_KEY: keys.present.toString('base64'),
    // As a key management service's client gives it.
    ...(keys.present === keys.old ? { HEADGATE_NEW_MASTER_KEY_COMMAND: `echo ${keys.next.toString('base64')}` } : {}),
  };
}

function flagsOf(keys: Keys, isBegun: boolean): readonly string[] {
  return keys.present === keys.old && !isBegun ? ['--renew-pepper'] : [];
}

async function command(fleet: Fleet, keys: Keys): Promise<Ran> {
  const ran = await headgate(settingsOf(fleet, keys), 'rotate-master-key', ...flagsOf(keys, false));
  // It was begun by one that was killed.
  if (ran.code === 1 && ran.err.includes('Finish it without --renew-pepper first'))
    return headgate(settingsOf(fleet, keys), 'rotate-master-key', ...flagsOf(keys, true));
  return ran;
}

function startCommand(fleet: Fleet, keys: Keys) {
  const env = { ...process.env, ...settingsOf(fleet, keys) };
  const program = [
    process.execPath,
    ...START,
    'server/src/cli/headgate.ts',
    'rotate-master-key',
    ...flagsOf(keys, false),
  ] as const;
  const child = startChild([...program] as [string, ...string[]], { env });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return { child, ended };
}

/** Kills the command as soon as some content keys have moved. Returns how many had when it was dead. */
async function killedInTheMiddle(fleet: Fleet, keys: Keys, organizations: number): Promise<number> {
  const { child, ended } = startCommand(fleet, keys);
  return inDatabase({ databaseUrl: fleet.postgres.url }, async (query) => {
    const moved = async () => {
      const [row] = await query(
        `select count(*)::int as moved from organizations where content_key_by = 'installation' and id like 'org_before_%'`,
      );
      return Number(row?.moved);
    };
    while (child.exitCode === null && (await moved()) === 0) await sleep(2);
    child.kill('SIGKILL');
    await ended;
    return Math.min(await moved(), organizations);
  });
}

async function killedAfter(fleet: Fleet, keys: Keys, ms: number): Promise<void> {
  const { child, ended } = startCommand(fleet, keys);
  await sleep(ms);
  child.kill('SIGKILL');
  await ended;
}

/** One that was killed may have ended the rotation already: then the new key is the one in use. */
async function finishedAtLast(fleet: Fleet, keys: Keys): Promise<Ran> {
  const { HEADGATE_NEW_MASTER_KEY_COMMAND: _, ...settings } = settingsOf(fleet, keys);
  return headgate({ ...settings, HEADGATE_NEW_MASTER_KEY: keys.next.toString('base64') }, 'rotate-master-key');
}

/** Tries every wrapped key that the database holds with the old key, and a start. */
async function oldKeyIsUseless(fleet: Fleet, { old, next }: Keys) {
  const wrapped = await inDatabase({ databaseUrl: fleet.postgres.url }, async (query) => {
    const rows =
      await query(`select key as purpose, decode(value, 'base64') as bytes from installation, jsonb_each_text(wrapped_keys)
      union all select 'content:' || id, content_key from organizations where content_key is not null`);
    const left = await query(
      'select 1 from installation where next_wrapped_keys is not null or next_master_key_check is not null',
    );
    return { rows: rows as readonly { purpose: string; bytes: Buffer }[], isLeft: left.length > 0 };
  });
  const opens = (key: Buffer) => wrapped.rows.filter(({ purpose, bytes }) => isOpenedBy(key, bytes, purpose)).length;
  const opened = opens(old);
  const said = await startedWith(fleet, old);
  const problems = [
    ...(opened === 0 ? [] : [`the old key opens ${opened} wrapped keys`]),
    ...(opens(next) > 0 ? [] : ['the new key opens nothing']),
    ...(wrapped.isLeft ? ['something of the rotation is left'] : []),
    ...(/^headgate: HEADGATE_MASTER_KEY is not the master key [^\n]+$/.test(said)
      ? []
      : [`a start with the old key said: ${said}`]),
  ];
  return { opened, tried: wrapped.rows.length, said, problems };
}

function isOpenedBy(key: Buffer, bytes: Buffer, purpose: string): boolean {
  try {
    unwrapKey(key, bytes, purpose);
    return true;
  } catch (error) {
    if (error instanceof UnsealFailure) return false;
    throw error;
  }
}

/** All that a start prints which is refused. */
async function startedWith(fleet: Fleet, key: Buffer): Promise<string> {
  const { env, ...options } = fleet.optionsOf(0);
  try {
    const settings = { ...env, HEADGATE_MASTER_KEY: key.toString('base64') };
    const gateway = await startGateway({ ...options, dataDir: temporaryDirectory(), env: settings });
    await gateway.kill();
    return 'it served';
  } catch (error) {
    return (error as Error).message.trim().split('\n').slice(1).join('\n');
  }
}

/** Each key calls once at the replica that was started last. */
async function movedHashes({ postgres }: Fleet, site: FleetSite, replica: Gateway) {
  const all = Object.values(site).flatMap(({ keys }) => keys);
  const statuses = await Promise.all(all.map(async ({ secret }) => (await chat(replica, secret, 'metered')).status));
  await sleep(500);
  const rows = await inDatabase({ databaseUrl: postgres.url }, (query) =>
    query('select pepper, count(*)::int as count from key_secrets group by 1 order by 2 desc'),
  );
  const problems = [
    ...(statuses.every((status) => status === 200) ? [] : [`keys answered ${statuses.join(', ')}`]),
    ...(rows.length === 1 ? [] : [`${rows.length} peppers are in use`]),
  ];
  return { problems, figure: `${all.length} keys moved to the new pepper at their use` };
}

async function verified({ replicas }: Fleet, site: FleetSite) {
  const chains = ['', ...Object.values(site).map(({ tenant }) => `?organization_id=${tenant.organizationId}`)];
  const problems: string[] = [];
  for (const replica of replicas)
    for (const chain of chains) {
      const verdict = await replica.admin<{ intact: boolean }>('GET', `/audit-events/verify${chain}`);
      if (!verdict.intact) problems.push(`audit chain ${chain}: ${JSON.stringify(verdict)}`);
    }
  return { problems, figure: `${chains.length} audit chains verified by ${replicas.length} replicas` };
}
