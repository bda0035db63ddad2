/** A real Prometheus over some gateways, with the alert rules of `deploy/prometheus` and shorter waits. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/ports.ts';
import { startChild, temporaryDirectory } from './gateway.ts';

const PROMETHEUS = '/usr/bin/prometheus';
const READY_MS_MAX = 30_000;
const LOOK_EVERY_MS = 250;

export interface AlertWatch {
  /** The alerts that fire now, as Prometheus says. */
  firing(): Promise<ReadonlySet<string>>;
  /** The alerts whose expression is true now, firing or not yet. */
  pending(): Promise<ReadonlySet<string>>;
  /** Names of alerts that fired at any look since the last call. */
  takeFired(): readonly string[];
  /** The gateways to scrape from now on, as `host:port`. */
  scrape(targets: readonly string[]): void;
  stop(): Promise<void>;
}

interface Alert {
  readonly labels: { readonly alertname: string };
  readonly state: 'pending' | 'firing';
}

export function hasPrometheus(): boolean {
  return existsSync(PROMETHEUS);
}

/** Starts one. Scrapes and evaluates each second, as one with an interval of a minute does in rules that are sixty times as slow. */
export async function watchAlerts(rules: string, targets: readonly string[]): Promise<AlertWatch> {
  const home = temporaryDirectory();
  const at = (name: string) => path.join(home, name);
  writeFileSync(at('alerts.yaml'), rules);
  writeFileSync(at('prometheus.yaml'), CONFIGURATION);
  const scrape = (list: readonly string[]) => {
    writeFileSync(at('new.json'), JSON.stringify([{ targets: list }]));
    renameSync(at('new.json'), at('targets.json'));
  };
  scrape(targets);
  const port = await freePort();
  const flags = [
    `--config.file=${at('prometheus.yaml')}`,
    `--storage.tsdb.path=${at('data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=error',
  ];
  const child = startChild([PROMETHEUS, ...flags], { cwd: home });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4_000);
    });
  const base = `http://127.0.0.1:${port}`;
  await untilReady(base, child, () => said);
  const fired = new Set<string>();
  const look = async () => {
    const answer = await fetch(`${base}/api/v1/alerts`, { signal: AbortSignal.timeout(10_000) });
    const { data } = (await answer.json()) as { data: { alerts: readonly Alert[] } };
    const named = (state?: Alert['state']) =>
      new Set(data.alerts.filter((one) => state === undefined || one.state === state).map(({ labels }) => labels.alertname));
    for (const name of named('firing')) fired.add(name);
    return { firing: named('firing'), pending: named() };
  };
  await untilUp(base, targets.length);
  const timer = setInterval(() => void look().catch(() => {}), LOOK_EVERY_MS);
  return {
    firing: async () => (await look()).firing,
    pending: async () => (await look()).pending,
    takeFired: () => {
      const taken = [...fired];
      fired.clear();
      return taken;
    },
    scrape,
    stop: async () => {
      clearInterval(timer);
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    },
  };
}

const CONFIGURATION = `global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
rule_files: [alerts.yaml]
scrape_configs:
  - job_name: headgate
    file_sd_configs: [{ files: [targets.json], refresh_interval: 1s }]
`;

async function untilReady(base: string, child: ChildProcess, said: () => string): Promise<void> {
  const deadlineMs = performance.now() + READY_MS_MAX;
  while (performance.now() < deadlineMs) {
    if (child.exitCode !== null) throw new Error(`Prometheus ended: ${said()}`);
    const answer = await fetch(`${base}/-/ready`, { signal: AbortSignal.timeout(2_000) }).catch(() => null);
    await answer?.arrayBuffer();
    if (answer?.status === 200) return;
    await sleep(100);
  }
  throw new Error(`Prometheus was not ready after ${READY_MS_MAX / 1_000} s: ${said()}`);
}

/** Until so many targets were scraped, and the rules were evaluated with them. */
async function untilUp(base: string, count: number): Promise<void> {
  const deadlineMs = performance.now() + READY_MS_MAX;
  const numberOf = async (query: string) => {
    const answer = await fetch(`${base}/api/v1/query?query=${encodeURIComponent(query)}`, { signal: AbortSignal.timeout(5_000) });
    const { data } = (await answer.json()) as { data: { result: readonly { value: readonly [number, string] }[] } };
    return Number(data.result[0]?.value[1] ?? 0);
  };
  while (performance.now() < deadlineMs) {
    if ((await numberOf('sum(up)')) === count && (await numberOf('count(ALERTS{alertname="HeadgateTargetAbsent"})')) === 0)
      return;
    await sleep(LOOK_EVERY_MS);
  }
  throw new Error(`Prometheus did not scrape ${count} targets within ${READY_MS_MAX / 1_000} s`);
}
