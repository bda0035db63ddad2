// Debian's HAProxy before the replicas of a fleet, which it asks for their readiness.
import { type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/ports.ts';
import { startChild, temporaryDirectory } from './gateway.ts';

const PROGRAM = '/usr/sbin/haproxy';
const READY_MS_MAX = 10_000;

export interface Balancer {
  readonly base: string;
  /** HAProxy's version, as it says it. */
  readonly version: string;
  stop(): Promise<void>;
}

/** Null where HAProxy is not installed. A replica that is not ready gets no new request after 0.2 s. */
export async function startHaproxy(ports: readonly number[]): Promise<Balancer | null> {
  if (!existsSync(PROGRAM)) return null;
  const port = await freePort();
  const file = path.join(temporaryDirectory(), 'haproxy.cfg');
  writeFileSync(file, configuration(port, ports));
  const child = startChild([PROGRAM, '-db', '-f', file]);
  const base = `http://127.0.0.1:${port}`;
  await untilReady(base, child);
  const version = /version (\S+)/.exec(spawnSync(PROGRAM, ['-v'], { encoding: 'utf8' }).stdout)?.[1] ?? '';
  return {
    base,
    version,
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** As the operating guide has it: retries only where nothing was sent, and no bound shorter than an answer may take. */
function configuration(port: number, ports: readonly number[]): string {
  return `${[
    'defaults',
    '  mode http',
    '  timeout connect 2s',
    '  timeout client 120s',
    '  timeout server 120s',
    '  retries 3',
    '  option redispatch 1',
    '  retry-on conn-failure empty-response',
    '  option http-server-close',
    'frontend gateway',
    `  bind 127.0.0.1:${port}`,
    '  default_backend replicas',
    'backend replicas',
    '  balance roundrobin',
    '  option httpchk GET /health/ready',
    '  default-server check inter 100ms fall 2 rise 1',
    ...ports.map((one, index) => `  server replica${index} 127.0.0.1:${one}`),
  ].join('\n')}\n`;
}

async function untilReady(base: string, child: ChildProcess): Promise<void> {
  const lastMs = performance.now() + READY_MS_MAX;
  while (performance.now() < lastMs && child.exitCode === null) {
    const answer = await fetch(`${base}/health/ready`).catch(() => null);
    await answer?.arrayBuffer();
    if (answer?.status === 200) return;
    await sleep(50);
  }
  throw new Error('HAProxy did not pass on a call');
}
