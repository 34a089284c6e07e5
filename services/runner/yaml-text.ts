import { stringify } from 'yaml';

/** A value as YAML that Kubernetes reads as the same value: what its YAML 1.1 takes for a date or a truth is quoted. */
export function yamlText(value: unknown): string {
  return stringify(value, { version: '1.1', lineWidth: 0 });
}
