/** Health checks of containers, run without systemd, to whose timers podman leaves them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ended } from './programs.ts';

const POLL_MS = 500;

/** A container as `podman inspect` shows it. The interval is in nanoseconds. */
export interface HealthChecked {
  readonly Id: string;
  readonly State: { readonly Pid: number; readonly Running: boolean };
  readonly Config: { readonly Healthcheck?: { readonly Interval: number } };
}

/** Runs the health check of each container of a project that has one, first one interval after its start, until it is stopped. */
export function startHealthChecks(podman: (...args: string[]) => Promise<Ended>, project: string): { stop(): Promise<void> } {
  const dueMs = new Map<string, number>();
  let isStopped = false;
  const check = async () => {
    const ids = (
      await podman('ps', '--quiet', '--no-trunc', `--filter=label=com.docker.compose.project=${project}`)
    ).stdout.split('\n');
    const { stdout } = await podman('inspect', '--type=container', ...ids.filter((id) => id !== ''));
    const found = stdout.startsWith('[') ? (JSON.parse(stdout) as HealthChecked[]) : [];
    for (const { Id, State, Config } of found) {
      const run = `${Id} ${State.Pid}`;
      const intervalMs = (Config.Healthcheck?.Interval ?? 0) / 1e6;
      if (!State.Running || intervalMs === 0) continue;
      const due = dueMs.get(run) ?? Date.now() + intervalMs;
      const isDue = due <= Date.now();
      dueMs.set(run, isDue ? Date.now() + intervalMs : due);
      if (isDue) await podman('healthcheck', 'run', Id);
    }
  };
  const loop = (async () => {
    while (!isStopped) {
      await check();
      await sleep(POLL_MS);
    }
  })();
  return {
    stop: async () => {
      isStopped = true;
      await loop;
    },
  };
}
