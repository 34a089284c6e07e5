import type { Given } from '../program.ts';
import type { Session } from '../session.ts';

/** The next commands for a run in the cluster, with the flags that name the cluster as they were given. */
export function clusterCommands({ self }: Session, given: Given, runName: string) {
  const place = placeFlags(given);
  return {
    follow: `${self} follow ${runName}${place}`,
    stop: `${self} stop ${runName}${place}`,
    delete: `kubectl delete workflow ${runName}${place}`,
    logs: `argo logs ${runName}${place}`,
  };
}

/** `--namespace`, `--context` and `--kubeconfig` as they were given, with a space before each. */
export function placeFlags({ flags }: Given): string {
  const named = [
    ['--namespace', flags.namespace],
    ['--context', flags.context],
    ['--kubeconfig', flags.kubeconfig],
  ] as const;
  return named
    .flatMap(([flag, value]) => (value === undefined ? [] : [` ${flag} ${quoted(value)}`]))
    .join('');
}

function quoted(value: string): string {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`;
}
