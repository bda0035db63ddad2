// PostgreSQL away under load, in the three ways in which a database goes: no request of a known key fails and no row is lost; a key that is
// not known yet is told to come back; and with a tiny journal the gateway says no rather than lose money.
import { setTimeout as sleep } from 'node:timers/promises';
import { type ChaosMode, ChaosProxy } from '../support/chaos-proxy.ts';
import { startPostgres } from '../support/postgres.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { type MeteredProvider, startMeteredProvider } from './metered-provider.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { type Fate, type SteadyLoad, startLoad } from './steady-load.ts';
import { inDatabase } from './stored-rows.ts';
import { type Key, makeCredential, makeKey, makeModel, makeTenant } from './tenant.ts';

const MODES: readonly ChaosMode[] = ['down', 'rst', 'blackhole'];
const WIDTH = 16;
const TINY_JOURNAL_BYTES = 262_144;
const DRAIN_MS_MAX = 60_000;

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const postgres = await startPostgres();
  if (postgres === null) return { holds: false, figure: '', skipped: 'PostgreSQL is not installed' };
  const awayMs = quick ? 10_000 : 60_000;
  try {
    const results: ProveResult[] = [];
    for (const mode of MODES) results.push(await outage(postgres.url, mode, awayMs));
    results.push(await fullJournal(postgres.url));
    return allOf(results);
  } finally {
    await postgres.stop();
  }
}

/** A gateway behind a proxy to its database, with callers that were served before. */
interface Scene {
  readonly gateway: Gateway;
  readonly proxy: ChaosProxy;
  readonly provider: MeteredProvider;
  readonly load: SteadyLoad;
  /** A key that no request has used yet. */
  readonly stranger: Key;
  readonly databaseUrl: string;
  close(): Promise<void>;
}

let scenes = 0;

async function openScene(serverUrl: string, env: Readonly<Record<string, string>>): Promise<Scene> {
  scenes += 1;
  const databaseUrl = await newDatabase(serverUrl, `away_${scenes}`);
  const url = new URL(databaseUrl);
  const proxy = await ChaosProxy.start({ host: url.hostname, port: Number(url.port) });
  url.port = String(proxy.port);
  const provider = await startMeteredProvider();
  const gateway = await startGateway({ env: { DATABASE_URL: url.href, ...env } });
  const credentialId = await makeCredential(gateway, 'openai', provider.baseUrl);
  await makeModel(gateway, { model: 'metered', provider: 'openai', upstreamModel: 'metered', credentialId });
  const limits = { rate_limits: { rpm: 1_000_000, rpd: 10_000_000 }, budgets: [{ amount: '1000.00', period: 'month' }] };
  const tenant = await makeTenant(gateway, limits);
  const keys: Key[] = [];
  for (let i = 0; i < 4; i++) keys.push(await makeKey(gateway, tenant, limits));
  const stranger = await makeKey(gateway, tenant);
  const load = startLoad({ base: gateway.base, keys, model: 'metered', width: WIDTH, pauseMs: 10, phase: 'before' });
  await sleep(2_000);
  const close = async () => {
    await gateway.stop();
    await proxy.close();
    await provider.stop();
  };
  return { gateway, proxy, provider, load, stranger, databaseUrl, close };
}

async function newDatabase(serverUrl: string, name: string): Promise<string> {
  await inDatabase({ databaseUrl: serverUrl }, (query) => query(`create database ${name}`));
  return serverUrl.replace(/postgres$/, name);
}

async function outage(serverUrl: string, mode: ChaosMode, awayMs: number): Promise<ProveResult> {
  const scene = await openScene(serverUrl, {});
  const { load, proxy } = scene;
  const problems: string[] = [];
  try {
    load.phase = 'away';
    await proxy.set(mode);
    const asked = sleep(awayMs / 2).then(() => callOnce(scene));
    await sleep(awayMs);
    const strangerSaw = await asked;
    if (!isUnavailable(strangerSaw))
      problems.push(`${mode}: a key that was not known got ${said(strangerSaw)}, not 503 service_unavailable`);
    load.phase = 'after';
    await proxy.set('pass');
    await sleep(2_000);
    await load.stop();
    const served = answersOf(load);
    const failed = [...load.fates.values()].length - served.length;
    if (failed > 0) problems.push(`${mode}: ${failed} requests of known keys failed: ${firstFailures(load)}`);
    const lost = await lostRows(scene, served);
    if (lost > 0) problems.push(`${mode}: ${lost} rows are lost`);
    const strangerSees = await callOnce(scene);
    if (strangerSees.is !== 'answered') problems.push(`${mode}: afterwards the same key got ${said(strangerSees)}`);
    const away = [...load.fates.keys()].filter((id) => id.startsWith('away')).length;
    const figure = `${mode} for ${awayMs / 1_000} s: ${away} requests meanwhile, ${failed} failed, ${lost} rows lost, an uncached key ${said(strangerSaw)}`;
    return { holds: problems.length === 0 && away > WIDTH, figure, details: problems };
  } finally {
    await scene.close();
  }
}

async function fullJournal(serverUrl: string): Promise<ProveResult> {
  const scene = await openScene(serverUrl, { HEADGATE_JOURNAL_BYTES_MAX: String(TINY_JOURNAL_BYTES) });
  const { load, proxy, provider } = scene;
  const problems: string[] = [];
  try {
    load.phase = 'away';
    await proxy.set('down');
    const refusals = () => [...load.fates.values()].filter(isUnavailable);
    await until(() => refusals().length > 100, DRAIN_MS_MAX);
    load.phase = 'after';
    await proxy.set('pass');
    await until(() => [...load.fates].some(([id, fate]) => id.startsWith('after') && fate.is === 'answered'), DRAIN_MS_MAX);
    await sleep(1_000);
    await load.stop();
    const served = answersOf(load);
    const others = [...load.fates.values()].filter((fate) => fate.is !== 'answered' && !isUnavailable(fate));
    if (others.length > 0) problems.push(`full journal: ${others.length} requests got something else: ${firstFailures(load)}`);
    const refused = [...load.fates].filter(([, fate]) => isUnavailable(fate)).map(([id]) => id);
    const sent = refused.filter((id) => provider.calls.has(id)).length;
    if (sent > 0) problems.push(`full journal: ${sent} refused requests reached the provider`);
    const lost = await lostRows(scene, served);
    if (lost > 0) problems.push(`full journal: ${lost} rows are lost`);
    const uncounted = await uncountedRefusals(scene, refused.length);
    if (uncounted > 0) problems.push(`full journal: ${uncounted} refusals are in no row`);
    const figure =
      `journal of ${TINY_JOURNAL_BYTES} bytes: ${served.length} served, ${refused.length} × 503, ` +
      `of those ${sent} sent upstream and ${uncounted} in no row, ${lost} rows lost`;
    return { holds: problems.length === 0 && refused.length > 0, figure, details: problems };
  } finally {
    await scene.close();
  }
}

type Answered = Extract<Fate, { is: 'answered' }>;

function answersOf(load: SteadyLoad): Answered[] {
  return [...load.fates.values()].filter((fate) => fate.is === 'answered');
}

/** Answers without their row, once all rows that will come have come. */
async function lostRows({ databaseUrl }: Scene, served: readonly Answered[]): Promise<number> {
  const missing = async () => {
    const rows = await inDatabase({ databaseUrl }, (query) =>
      query(`select request_id, input_tokens, output_tokens from ledger_entries where kind = 'usage'`),
    );
    const byRequest = new Map(rows.map((row) => [String(row.request_id), row]));
    return served.filter((answer) => {
      const row = byRequest.get(answer.requestId);
      return Number(row?.input_tokens) !== answer.inputTokens || Number(row?.output_tokens) !== answer.outputTokens;
    }).length;
  };
  const deadlineMs = Date.now() + DRAIN_MS_MAX;
  let lost = await missing();
  while (lost > 0 && Date.now() < deadlineMs) {
    await sleep(250);
    lost = await missing();
  }
  return lost;
}

async function uncountedRefusals({ databaseUrl }: Scene, refused: number): Promise<number> {
  const counted = async () => {
    const rows = await inDatabase({ databaseUrl }, (query) =>
      query(
        `select coalesce(sum(count), 0)::integer as count from requests where status = 'refused' and code = 'service_unavailable'`,
      ),
    );
    return Number(rows[0]?.count);
  };
  await until(async () => (await counted()) >= refused, DRAIN_MS_MAX).catch(() => {});
  return Math.max(0, refused - (await counted()));
}

let strangers = 0;

/** One call with the key that nobody used. */
async function callOnce({ gateway, stranger }: Scene): Promise<Fate> {
  strangers += 1;
  const phase = `stranger-${strangers}`;
  const load = startLoad({ base: gateway.base, keys: [stranger], model: 'metered', width: 1, pauseMs: 0, phase });
  await load.stop();
  return [...load.fates.values()][0] as Fate;
}

function isUnavailable(fate: Fate): boolean {
  return fate.is === 'error' && fate.status === 503 && fate.code === 'service_unavailable';
}

function said(fate: Fate): string {
  return fate.is === 'error' ? `${fate.status} ${fate.code}` : fate.is;
}

function firstFailures(load: SteadyLoad): string {
  const failures = [...load.fates].filter(([, fate]) => fate.is !== 'answered').slice(0, 5);
  return failures.map(([id, fate]) => `${id} ${said(fate)}`).join(', ');
}

async function until(isTrue: () => boolean | Promise<boolean>, msMax: number): Promise<void> {
  const deadlineMs = Date.now() + msMax;
  while (!(await isTrue())) {
    if (Date.now() > deadlineMs) throw new Error(`waited ${msMax / 1_000} s in vain`);
    await sleep(100);
  }
}
