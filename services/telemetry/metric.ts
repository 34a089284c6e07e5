import type { Registry } from 'prom-client';

import { PipelineError } from '../core/error.ts';
import { METRICS, type MetricName } from './metric-table.ts';

/** One value of a metric. */
export interface Sample {
  name: MetricName;
  /** Exactly the labels that the table names. */
  labels: Readonly<Record<string, string>>;
  value: number;
}

/** What a value of a label may look like: a name of ours, so that nothing from outside gets into a label. */
const LABEL_VALUE = /^[A-Za-z][A-Za-z0-9-]{0,62}$/;

/**
 * The samples in a registry of their own; prom-client is loaded with the first call. `bug` for a label that the
 * metric does not have, or whose value is no name.
 */
export async function registryOf(samples: readonly Sample[]): Promise<Registry> {
  const { default: prom } = await import('prom-client');
  const registry = new prom.Registry();
  for (const name of new Set(samples.map((sample) => sample.name))) {
    const { type, help, labels } = METRICS[name];
    const options = { name, help, labelNames: [...labels], registers: [registry] };
    const own = samples.filter((sample) => sample.name === name);
    for (const sample of own) checkLabels(sample, labels);
    if (type === 'gauge') {
      const gauge = new prom.Gauge(options);
      for (const sample of own) gauge.set(sample.labels, sample.value);
    } else {
      const counter = new prom.Counter(options);
      for (const sample of own) counter.inc(sample.labels, sample.value);
    }
  }
  return registry;
}

function checkLabels({ name, labels }: Sample, expected: readonly string[]): void {
  const names = Object.keys(labels);
  const isWhole = names.length === expected.length && expected.every((one) => one in labels);
  const wrong = Object.values(labels).find((value) => !LABEL_VALUE.test(value));
  if (isWhole && wrong === undefined) return;
  const what = wrong === undefined ? `labels ${names.join(', ')}` : `label value "${wrong}"`;
  throw new PipelineError('bug', `metric ${name}: ${what} is not of its table`);
}
