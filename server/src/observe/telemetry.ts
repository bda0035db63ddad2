/**
 * Traces and metrics for an OpenTelemetry collector, over OTLP/HTTP. Loaded only if a collector is configured. Nothing is
 * registered globally, so that no library can record spans of its own, which might hold personal data or secrets.
 */
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';
import { ATTR_SERVICE_INSTANCE_ID } from '@opentelemetry/semantic-conventions/incubating';
import type { Clock } from '../lib/timing/clock.ts';
import { withTimeout } from '../lib/timing/timeout.ts';
import { createGenAiMetrics } from './genai-metrics.ts';
import { createTracing } from './request-trace.ts';
import type { Tracing } from './tracing.ts';

export interface TelemetryOptions {
  /** The base address of the collector. `/v1/traces` and `/v1/metrics` are appended. */
  readonly endpoint: string;
  /** Headers sent with every delivery. They may hold the collector's secret. */
  readonly headers: Readonly<Record<string, string>>;
  /** The service's name and version, and the id of this process as an instance of it. */
  readonly service: { readonly name: string; readonly version: string; readonly instance: string };
  /** The share of traces to record, from 0 to 1. A trace that a caller began is recorded if the caller records it. */
  readonly share: number;
  readonly clock: Clock;
  /** Called once when deliveries begin to fail, with the problem, and once when they succeed again, with null. */
  readonly onDelivery: (what: 'traces' | 'metrics', problem: string | null) => void;
  /** The time between two deliveries of metrics. Default: one minute. */
  readonly metricsEveryMs?: number;
  /** The time between two deliveries of spans. Default: 5 s. */
  readonly tracesEveryMs?: number;
}

export interface Telemetry {
  readonly tracing: Tracing;
  /** Delivers the queued spans and metrics, for at most ten seconds. */
  close(): Promise<void>;
}

/** The most spans queued while the collector is slow or unreachable. More are dropped, so that the queue's memory is bounded. */
const QUEUE_MAX = 4_096;
/** The timeout for one delivery: OpenTelemetry's default. */
const DELIVERY_MS_MAX = 10_000;

export function openTelemetry(options: TelemetryOptions): Telemetry {
  const { service, headers, share } = options;
  const base = options.endpoint.replace(/\/+$/, '');
  const resource = resourceFromAttributes({
    [ATTR_SERVICE_NAME]: service.name,
    [ATTR_SERVICE_VERSION]: service.version,
    [ATTR_SERVICE_INSTANCE_ID]: service.instance,
  });
  const traceExporter = new OTLPTraceExporter({ url: `${base}/v1/traces`, headers, timeoutMillis: DELIVERY_MS_MAX });
  const metricExporter = new OTLPMetricExporter({ url: `${base}/v1/metrics`, headers, timeoutMillis: DELIVERY_MS_MAX });
  watch(traceExporter, (problem) => options.onDelivery('traces', problem));
  watch(metricExporter, (problem) => options.onDelivery('metrics', problem));
  const spans = new TracerProvider({
    resource,
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(share) }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: traceExporter,
        maxQueueSize: QUEUE_MAX,
        scheduledDelayMillis: options.tracesEveryMs ?? 5_000,
        exportTimeoutMillis: DELIVERY_MS_MAX,
      }),
    ],
  });
  const exportIntervalMillis = options.metricsEveryMs ?? 60_000;
  const meters = new MeterProvider({
    resource,
    readers: [
      new PeriodicExportingMetricReader({
        exporter: metricExporter,
        exportIntervalMillis,
        exportTimeoutMillis: Math.min(DELIVERY_MS_MAX, exportIntervalMillis),
      }),
    ],
  });
  const metrics = createGenAiMetrics(meters.getMeter('headgate', service.version));
  return {
    tracing: createTracing({ tracer: spans.getTracer('headgate', service.version), metrics, clock: options.clock }),
    close: () => withTimeout(DELIVERY_MS_MAX, Promise.allSettled([spans.shutdown(), meters.shutdown()])),
  };
}

interface Delivery {
  /** 0 if the collector accepted the delivery. */
  readonly code: number;
  readonly error?: Error;
}

/** Wraps an exporter so that `tell` is called only on changes: a collector that fails for a day makes two lines in the log. */
function watch<Items>(
  exporter: { export(items: Items, done: (result: Delivery) => void): void },
  tell: (problem: string | null) => void,
): void {
  const deliver = exporter.export.bind(exporter);
  let failing = false;
  exporter.export = (items, done) =>
    deliver(items, (result) => {
      const failed = result.code !== 0;
      if (failed !== failing) {
        failing = failed;
        tell(failed ? (result.error?.message ?? 'no reason given').slice(0, 200) : null);
      }
      done(result);
    });
}
