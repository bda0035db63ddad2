import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { MetricFamilies } from './metric-families.ts';

/** The sampling interval of the event loop's delay, and roughly its precision. */
const RESOLUTION_MS = 20;
let delay: ReturnType<typeof monitorEventLoopDelay> | null = null;

/** Adds the metrics of the process itself. The event loop's delay covers the time since the last scrape. */
export function addProcess(families: MetricFamilies, version: string): void {
  const memory = process.memoryUsage();
  const cpu = process.cpuUsage();
  families.gauge('process_resident_memory_bytes', 'Resident memory.', memory.rss);
  families.gauge('nodejs_heap_size_total_bytes', 'JavaScript heap taken from the system.', memory.heapTotal);
  families.gauge('nodejs_external_memory_bytes', 'Buffers and other memory outside the JavaScript heap.', memory.external);
  families.gauge('nodejs_heap_used_bytes', 'JavaScript heap in use.', memory.heapUsed);
  families.counter('process_cpu_seconds_total', 'CPU time, user and system.', [[{}, (cpu.user + cpu.system) / 1e6]]);
  families.gauge('process_start_time_seconds', 'Unix time at which the process started.', startedAtSeconds(), 'min');
  families.gauge('nodejs_eventloop_delay_seconds', 'Delay of the event loop since the last scrape.', loopDelay(), 'max');
  families.gauge(
    'headgate_build_info',
    'Version of the gateway and of Node in the labels; always 1.',
    [[{ version, node: process.version }, 1]],
    'first',
  );
}

function startedAtSeconds(): number {
  return Math.round(performance.timeOrigin) / 1_000;
}

function loopDelay() {
  if (delay === null) {
    delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    delay.enable();
  }
  // The monitor measures whole periods. Only the time beyond the resolution is a delay.
  const seconds = (nanoseconds: number) =>
    Math.max(0, (Number.isFinite(nanoseconds) ? nanoseconds : 0) / 1e9 - RESOLUTION_MS / 1_000);
  const read = [
    [{ stat: 'p50' }, seconds(delay.percentile(50))],
    [{ stat: 'p99' }, seconds(delay.percentile(99))],
    [{ stat: 'max' }, seconds(delay.max)],
  ] as const;
  delay.reset();
  return read;
}
