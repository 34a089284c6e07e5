import { fieldsOf } from './fields.ts';
import type { FieldType } from './fields.ts';
import type { WorkflowSpec } from './workflow.ts';

/**
 * The spec without the fields that only a cluster can honour, so that a run neither carries them
 * along nor fills in tags in them.
 */
export function prunedSpec(spec: WorkflowSpec): WorkflowSpec {
  return prune(spec, { kind: 'record', name: 'WorkflowSpec' }) as WorkflowSpec;
}

function prune(value: unknown, type: FieldType): unknown {
  if (type.kind === 'list') {
    return Array.isArray(value) ? value.map((item: unknown) => prune(item, type.of)) : value;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  if (type.kind === 'map') {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]: [string, unknown]) => [key, prune(item, type.of)]),
    );
  }
  if (type.kind !== 'record') return value;
  const fields = fieldsOf(type.name);
  const kept: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value) as [string, unknown][]) {
    const field = fields.get(key);
    if (field !== undefined && field.rank !== 'cluster') kept[key] = prune(item, field.type);
  }
  return kept;
}
