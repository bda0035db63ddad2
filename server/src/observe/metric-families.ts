import { type Metric, Registry } from 'prom-client';
import type { Buckets } from './buckets.ts';

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];
/** The way to combine the same series of several processes of one host. */
type Together = 'sum' | 'min' | 'max' | 'first';

/**
 * Metric families made from numbers that are counted elsewhere. prom-client only escapes and renders them: its own counters hash
 * their labels at each increment, which would slow every request.
 */
export class MetricFamilies {
  readonly registry = new Registry();

  counter(name: string, help: string, samples: readonly Sample[]): void {
    this.#add(name, help, 'counter', samples.map(sampleValue));
  }

  gauge(name: string, help: string, samples: readonly Sample[] | number, together: Together = 'sum'): void {
    const all: readonly Sample[] = typeof samples === 'number' ? [[{}, samples]] : samples;
    this.#add(name, help, 'gauge', all.map(sampleValue), together);
  }

  histogram(name: string, help: string, series: readonly (readonly [labels: Labels, buckets: Buckets])[]): void {
    this.#add(
      name,
      help,
      'histogram',
      series.flatMap(([labels, buckets]) => histogramValues(name, labels, buckets)),
    );
  }

  #add(name: string, help: string, type: string, values: readonly Value[], aggregator: Together = 'sum'): void {
    // The registry uses only a metric's name and the result of `get`.
    const metric = { name, help, type, get: async () => ({ name, help, type, values, aggregator }) };
    this.registry.registerMetric(metric as unknown as Metric);
  }
}

interface Value {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly metricName?: string;
}

function sampleValue([labels, value]: Sample): Value {
  return { labels, value };
}

function histogramValues(name: string, labels: Labels, buckets: Buckets): Value[] {
  const counts = buckets.cumulative();
  const total = counts.at(-1) as number;
  return [
    ...counts.map((value, at) => ({
      labels: { ...labels, le: buckets.bounds[at] ?? '+Inf' },
      value,
      metricName: `${name}_bucket`,
    })),
    { labels, value: buckets.sum, metricName: `${name}_sum` },
    { labels, value: total, metricName: `${name}_count` },
  ];
}
