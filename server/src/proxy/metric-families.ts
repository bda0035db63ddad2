import { type Metric, Registry } from 'prom-client';
import type { Buckets } from './buckets.ts';

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

/**
 * Families of metrics made from numbers that are counted elsewhere; the library escapes and renders them. Its own counters hash their labels at
 * each increment, which a request would pay for.
 */
export class MetricFamilies {
  readonly registry = new Registry();

  counter(name: string, help: string, samples: readonly Sample[]): void {
    this.#add(name, help, 'counter', samples.map(sampleValue));
  }

  gauge(name: string, help: string, samples: readonly Sample[] | number): void {
    const all: readonly Sample[] = typeof samples === 'number' ? [[{}, samples]] : samples;
    this.#add(name, help, 'gauge', all.map(sampleValue));
  }

  histogram(name: string, help: string, series: readonly (readonly [labels: Labels, buckets: Buckets])[]): void {
    this.#add(
      name,
      help,
      'histogram',
      series.flatMap(([labels, buckets]) => histogramValues(name, labels, buckets)),
    );
  }

  #add(name: string, help: string, type: string, values: readonly Value[]): void {
    // What the registry asks of a metric is its name and what `get` answers.
    const metric = { name, help, type, get: async () => ({ name, help, type, values, aggregator: 'sum' }) };
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
