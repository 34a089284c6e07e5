import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { fieldsOf } from '../../services/runner/fields.ts';
import type { RecordName } from '../../services/runner/fields.ts';

const SCHEMA = fileURLToPath(
  new URL('../../../shared/argo/workflow-schema-v4.1.2.json', import.meta.url),
);
const schemaIsHere = existsSync(SCHEMA);
const mustBeHere = process.env['ARGOSY_TEST_REQUIRE'] === 'all';

interface Schema {
  definitions: Record<string, { properties?: Record<string, unknown> }>;
}

/** Records of Argo's schema that go by another name there. */
const NAMES: Partial<Record<RecordName, string>> = {
  Meta: 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta',
  Container: 'io.k8s.api.core.v1.Container',
  EnvVar: 'io.k8s.api.core.v1.EnvVar',
  ConfigMapKeySelector: 'io.k8s.api.core.v1.ConfigMapKeySelector',
  SecurityContext: 'io.k8s.api.core.v1.SecurityContext',
  PodSecurityContext: 'io.k8s.api.core.v1.PodSecurityContext',
  Capabilities: 'io.k8s.api.core.v1.Capabilities',
  SeccompProfile: 'io.k8s.api.core.v1.SeccompProfile',
  ResourceRequirements: 'io.k8s.api.core.v1.ResourceRequirements',
  Volume: 'io.k8s.api.core.v1.Volume',
  EmptyDirVolumeSource: 'io.k8s.api.core.v1.EmptyDirVolumeSource',
  VolumeMount: 'io.k8s.api.core.v1.VolumeMount',
  PodDisruptionBudgetSpec: 'io.k8s.api.policy.v1.PodDisruptionBudgetSpec',
};

const RECORDS: RecordName[] = [
  'Meta',
  'CronWorkflowSpec',
  'WorkflowSpec',
  'WorkflowMetadata',
  'WorkflowTemplateRef',
  'Template',
  'Inputs',
  'Outputs',
  'Artifact',
  'Arguments',
  'Parameter',
  'ValueFrom',
  'Container',
  'EnvVar',
  'DAGTemplate',
  'DAGTask',
  'WorkflowStep',
  'TemplateRef',
  'Sequence',
  'ContinueOn',
  'LifecycleHook',
  'SuspendTemplate',
  'RetryStrategy',
  'Backoff',
  'Synchronization',
  'Mutex',
  'SemaphoreRef',
  'ConfigMapKeySelector',
  'SyncDatabaseRef',
  'StopStrategy',
  'WorkflowEventBinding',
  'WorkflowEventBindingSpec',
  'Event',
  'Submit',
  'Metrics',
  'Prometheus',
  'MetricLabel',
  'Gauge',
  'Histogram',
  'Counter',
  'TTLStrategy',
  'PodGC',
  'PodDisruptionBudgetSpec',
  'ExecutorConfig',
  'Memoize',
  'PodSecurityContext',
  'SecurityContext',
  'Capabilities',
  'SeccompProfile',
  'ResourceRequirements',
  'Volume',
  'EmptyDirVolumeSource',
  'VolumeMount',
];

describe('the closed lists of fields', () => {
  it.skipIf(!schemaIsHere && !mustBeHere).each(RECORDS)(
    '%s holds every field that Argo 4.1.2 knows, and no other',
    (record) => {
      const schema = JSON.parse(readFileSync(SCHEMA, 'utf8')) as Schema;
      const name = NAMES[record] ?? `io.argoproj.workflow.v1alpha1.${record}`;
      const known = Object.keys(schema.definitions[name]?.properties ?? {});
      expect([...fieldsOf(record).keys()].toSorted()).toEqual(known.toSorted());
    },
  );

  it('keep what changes a result apart from what a cluster alone can honour', () => {
    const ranks = ['script', 'image', 'securityContext', 'dag'].map((field) => {
      return (fieldsOf('Template').get(field) ?? fieldsOf('Container').get(field))?.rank;
    });
    expect(ranks).toEqual(['refused', 'cluster', 'cluster', 'honoured']);
  });
});
