import { PipelineError } from '../../core/error.ts';
import type { StepLog } from '../../ports/workflow-cluster.ts';
import type { KubeApi } from './kube-api.ts';

/** An attempt of a step, by its node. */
export interface Attempt {
  runName: string;
  nodeName: string;
  templateName: string;
}

/** A pod's name is cut so that its hash fits (Argo, workflow/util/pod_name.go). */
const PREFIX_LENGTH_MAX = 253 - 10 - 1;

/** The name of an attempt's pod, as Argo makes it since 3.4 (workflow/util/pod_name.go, version v2). */
export function podName({ runName, nodeName, templateName }: Attempt): string {
  if (runName === nodeName) return runName;
  const prefix = templateName === '' ? runName : `${runName}-${templateName}`;
  return `${prefix.slice(0, PREFIX_LENGTH_MAX)}-${fnv32a(nodeName)}`;
}

/** FNV-1a, 32 bits, over the text's UTF-8. */
function fnv32a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/** No more of a log than its last bytes is shown to people. */
const LOG_BYTES_MAX = 64 * 1024;

/** The last lines of the main container; the reason when the pod is gone, has not started, or may not be read. */
export async function podLog(
  api: KubeApi,
  attempt: Attempt,
  { lineCountMax, signal }: { lineCountMax: number; signal: AbortSignal | undefined },
): Promise<StepLog> {
  const { namespace } = api.connection;
  const name = podName(attempt);
  const path = ['namespaces', namespace, 'pods', name, 'log'].map(encodeURIComponent).join('/');
  try {
    const text = await api.textOnce({
      method: 'GET',
      verb: 'get',
      resource: 'pods/log',
      group: '',
      name,
      path: `/api/v1/${path}`,
      // Kubernetes counts limitBytes from the first of these lines, so it would cut off the last: the step's failure.
      query: { container: 'main', tailLines: String(lineCountMax) },
      accept: 'text/plain, */*',
      signal,
    });
    const lines = endOf(text)
      .split('\n')
      .map((line) => line.trimEnd());
    return { lines: lines.filter((line) => line !== '').slice(-lineCountMax) };
  } catch (error) {
    // A log that cannot be had is no reason to hide how the run ended; its reason is shown in its place.
    if (!(error instanceof PipelineError) || error.kind === 'interrupted') throw error;
    return {
      reason: error.kind === 'not-found' ? `there is no pod ${name} (any more)` : error.message,
    };
  }
}

/** The whole lines at the end of a text that fit; a single longer one loses its beginning. */
function endOf(text: string): string {
  const bytes = Buffer.from(text.trimEnd());
  if (bytes.length <= LOG_BYTES_MAX) return text;
  const end = bytes.subarray(-LOG_BYTES_MAX);
  const lineEnd = end.indexOf(10);
  return end.subarray(lineEnd + 1).toString('utf8');
}
