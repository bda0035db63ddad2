/** The conformance kit beside this repository: a provider that replays recordings, and drivers that judge the gateway from outside. */
import { hash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/ports.ts';
import { ended } from './ended.ts';
import { type Gateway, repository, startChild, temporaryDirectory } from './gateway.ts';
import type { ProveResult } from './prove.ts';
import { makeCredential, makeKey, makeModel, makeTenant } from './tenant.ts';

const DRIVER_MS_MAX = 10 * 60_000;

/** Where the kit is: HEADGATE_CONFORMANCE, else `../shared/conformance`. Null when it is not on this machine. */
export function conformanceKit(): string | null {
  const kit = path.resolve(repository, process.env.HEADGATE_CONFORMANCE ?? '../shared/conformance');
  // By its real path: a driver that was started through a link does not know itself for the program.
  return existsSync(path.join(kit, 'harness', 'replay-upstream.mjs')) ? realpathSync(kit) : null;
}

/** What a prove that needs the kit says on a machine without it. */
export const kitAbsent: ProveResult = { holds: false, figure: '', skipped: 'conformance kit not present' };

export interface ReplayUpstream {
  readonly base: string;
  /** Forces the next answers whatever the model (`rec:…`, `fault:…`); '' gives the choice back to the model's name. */
  force(answer: string): Promise<void>;
  /** Every request it saw since the last reset. */
  log(): Promise<readonly Record<string, unknown>[]>;
  reset(): Promise<void>;
  stop(): void;
}

/** Starts the replaying provider on a free port. Ends with this process at the latest. */
export async function startReplay(kit: string): Promise<ReplayUpstream> {
  const port = await freePort();
  const log = path.join(temporaryDirectory(), 'upstream.jsonl');
  const child = startChild([process.execPath, path.join(kit, 'harness', 'replay-upstream.mjs'), String(port), log]);
  child.stdout.resume();
  child.stderr.resume();
  const base = `http://127.0.0.1:${port}`;
  const get = async (at: string, method = 'GET') =>
    await (await fetch(base + at, { method, signal: AbortSignal.timeout(5000) })).json();
  for (let tries = 0; (await get('/__log').catch(() => null)) === null; tries += 1) {
    if (tries > 100) throw new Error('the replay upstream did not start');
    await sleep(50);
  }
  return {
    base,
    force: async (answer) => void (await get(`/__set?v=${encodeURIComponent(answer)}`)),
    log: async () => (await get('/__log')) as Record<string, unknown>[],
    reset: async () => void (await get('/__reset', 'POST')),
    stop: () => void child.kill('SIGKILL'),
  };
}

/** Names of the models that `routeToReplay` makes; each reaches the upstream under a name that leaves the choice to `force`. */
export const replayModels = { openai: 'replay-gpt', anthropic: 'replay-claude', embedding: 'replay-embedding' } as const;

export interface ReplayTenant {
  readonly keySecret: string;
  readonly credentials: { readonly openai: string; readonly anthropic: string };
}

/** Credentials of both kinds at the upstream, one model of each dialect and one for embeddings, and a key that may call them all. */
export async function routeToReplay(gateway: Gateway, upstream: ReplayUpstream): Promise<ReplayTenant> {
  const openai = await makeCredential(gateway, 'openai', `${upstream.base}/v1`);
  const anthropic = await makeCredential(gateway, 'anthropic', upstream.base);
  await makeModel(gateway, { model: replayModels.openai, provider: 'openai', upstreamModel: 'gpt-5-nano', credentialId: openai });
  await makeModel(gateway, {
    model: replayModels.anthropic,
    provider: 'anthropic',
    upstreamModel: 'claude-sonnet-4-5',
    credentialId: anthropic,
  });
  const embedding = { model: replayModels.embedding, upstreamModel: 'text-embedding-3-small', mode: 'embedding' } as const;
  await makeModel(gateway, { ...embedding, provider: 'openai', credentialId: openai });
  const key = await makeKey(gateway, await makeTenant(gateway));
  return { keySecret: key.secret, credentials: { openai, anthropic } };
}

export interface Driven {
  readonly exitCode: number | null;
  readonly lines: readonly string[];
}

/** Runs one of the kit's drivers to its end, at most ten minutes. `installed` gives it third-party clients from the npm registry. */
export async function drive(
  kit: string,
  driver: string,
  args: readonly string[],
  env: Record<string, string>,
  needs?: 'clients',
): Promise<Driven> {
  const harness = needs === 'clients' ? await harnessWithClients(kit) : path.join(kit, 'harness');
  const environment = {
    ...process.env,
    CASSETTES: path.join(kit, 'cassettes'),
    PAIRS: path.join(kit, 'agentgateway-pairs.json'),
    ...env,
  };
  const child = startChild([process.execPath, path.join(harness, driver), ...args], { env: environment });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const timer = setTimeout(() => child.kill('SIGKILL'), DRIVER_MS_MAX);
  const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearTimeout(timer);
  return { exitCode, lines: output.split('\n').filter((line) => line !== '') };
}

/** A driver's run as a check: its last line is the figure, its failures the details. */
export function judged(name: string, driven: Driven): ProveResult {
  const bad = driven.lines.filter((line) => /^(FAIL|DIFF| {2,})/.test(line));
  const oks = driven.lines.filter((line) => line.startsWith('ok ')).length;
  const counted = driven.lines.findLast((line) => /^\d+ /.test(line)) ?? `${oks} ok, ${bad.length} failed`;
  return { holds: driven.exitCode === 0, figure: `${name} ${counted}`, details: bad.map((line) => `${name}: ${line}`) };
}

/** The harness, copied to the machine's temporary folder with its packages, once per version of its package list. */
async function harnessWithClients(kit: string): Promise<string> {
  const source = path.join(kit, 'harness');
  const version = hash('sha256', readFileSync(path.join(source, 'package.json'))).slice(0, 16);
  const ready = path.join(tmpdir(), `headgate-conformance-${version}`);
  if (existsSync(ready)) {
    cpSync(source, ready, { recursive: true });
    return ready;
  }
  // Installed beside and moved into place, so that an interrupted install is never taken for a whole one.
  const draft = `${ready}.${process.pid}`;
  mkdirSync(draft);
  cpSync(source, draft, { recursive: true });
  const install = ['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'] as const;
  const npm = await ended(install, { cwd: draft });
  if (npm.status !== 0) {
    rmSync(draft, { recursive: true, force: true });
    throw new Error(`the kit's clients could not be installed: ${npm.stderr.slice(0, 500)}`);
  }
  renameSync(draft, ready);
  return ready;
}
