import { PipelineError } from '../../core/error.ts';
import type { WorkflowRequest } from '../../ports/workflow-engine.ts';

/** A step gets an argument as one word of its command line, and Linux takes no longer one (128 KiB). */
const ARGUMENT_BYTES_MAX = 128 * 1024 - 256;

/** Of a name: it is also the value of labels, and pods are named after it (Kubernetes, RFC 1123). */
const RUN_NAME_LENGTH_MAX = 63;
const LABEL_PREFIX = 'argosy.dev/';
const TEMPLATE_LABEL = 'workflows.argoproj.io/workflow-template';

/**
 * The Workflow of a request: a reference to the pipeline's template and the arguments, and nothing else, so that a
 * controller that takes references only (`workflowRestrictions.templateReferencing: Strict` or `Secure`) takes it.
 */
export function workflowManifest(
  request: WorkflowRequest,
  namespace: string | null,
): Record<string, unknown> {
  checkName(request.runName);
  const parameters = Object.entries(request.arguments).map(([name, value]) => {
    checkSize(name, value);
    return { name, value };
  });
  const labels = Object.entries({ ...request.labels, pipeline: request.pipeline })
    .map(([name, value]) => [`${LABEL_PREFIX}${name}`, labelValue(value)] as const)
    .filter(([, value]) => value !== '');
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Workflow',
    metadata: {
      name: request.runName,
      ...(namespace === null ? {} : { namespace }),
      labels: { ...Object.fromEntries(labels), [TEMPLATE_LABEL]: request.pipeline },
    },
    spec: {
      workflowTemplateRef: { name: request.pipeline },
      ...(parameters.length === 0 ? {} : { arguments: { parameters } }),
    },
  };
}

function checkName(runName: string): void {
  const isName = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(runName);
  if (isName && runName.length <= RUN_NAME_LENGTH_MAX) return;
  throw new PipelineError('config-invalid', `${runName} is no name for a workflow`, {
    hint: `give --name with at most ${RUN_NAME_LENGTH_MAX} of a-z, 0-9 and -, a letter or digit first and last`,
  });
}

function checkSize(name: string, value: string): void {
  const sizeBytes = Buffer.byteLength(value);
  if (sizeBytes <= ARGUMENT_BYTES_MAX) return;
  throw new PipelineError(
    'too-large',
    `-p ${name}: ${sizeBytes} bytes, and a step gets at most ${ARGUMENT_BYTES_MAX}`,
    {
      hint: 'put it into an object of the store and pass its key',
    },
  );
}

/** What a label may hold of a text: at most 63 of letters, digits, `-`, `_`, `.`; letters or digits at both ends. */
function labelValue(text: string): string {
  return text
    .replaceAll(/[^\w.-]+/g, '-')
    .slice(0, 63)
    .replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
}

/** The labels `argosy.dev/…` of an object, without prefix. */
export function ownLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels)
      .filter(([name]) => name.startsWith(LABEL_PREFIX))
      .map(([name, value]) => [name.slice(LABEL_PREFIX.length), value]),
  );
}

/** The selectors that find the workflows of a pipeline, however they were started. */
export function pipelineSelectors(pipeline: string): readonly string[] {
  return [`${LABEL_PREFIX}pipeline=${pipeline}`, `${TEMPLATE_LABEL}=${pipeline}`];
}
