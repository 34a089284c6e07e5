/**
 * The rules of `argosy lint`: their ids stay as they are, because people write them into tickets and filters. Each has a
 * hint that says what to write; docs/lint.md has them in words, and a test holds the two lists together.
 */
export const LINT_RULES = {
  yaml: 'correct the YAML at this place; an editor that knows the schema line at the top of workflows/*.yaml helps',
  'field-unknown': 'check the spelling and the indentation, or delete the field',
  'field-type':
    'write the value in the type that the field has; texts that look like numbers need quotes',
  'text-unquoted':
    'put the value into quotes: the full CRDs refuse it, although Argo itself would take it',
  'api-version': 'write apiVersion: argoproj.io/v1alpha1',
  'object-name':
    'metadata.name in small letters, digits, dashes and dots; a Workflow may have generateName instead',
  'list-kind': 'write each item of the list as a document of its own, with --- between them',
  'field-refused': 'write it with container steps: docs/runner.md lists what a run can honour',
  'argo-refuses': 'Argo refuses this at submit: correct the line',
  'name-duplicate': 'give each template, task, step and parameter a name of its own',
  'template-missing': 'name one of the templates, or add the one that is missing',
  'workflow-template-missing': 'lint the file that holds it in the same call, or correct the name',
  'tag-unresolved':
    'name something that is there at this place; what a task reads must come from a task it depends on',
  'tag-root':
    'such a tag stays as it is written: begin it with workflow, inputs, tasks, steps, outputs or item',
  'tag-raw':
    'give the parameter a plain value and work it out where it is used: {{=…}} in the label or lock itself',
  'parameter-undeclared':
    'declare it below spec.arguments.parameters, with a default where one makes sense',
  'argument-missing': 'give the argument, or give the input a default',
  'argument-extra':
    'delete the argument, or declare it as an input of the template; Argo drops it without a word',
  'enum-value': 'put the default into the enum, or choose one of its values',
  'item-outside-loop':
    'add withItems, withParam or withSequence to the task, or hand the item on as an argument',
  depends: 'write task names and results with && || ! and brackets: a.Succeeded || a.Skipped',
  when: "quote both sides: '{{tasks.a.outputs.parameters.x}}' == 'some words'",
  'expression-syntax':
    "write it in expr (expr-lang.org); names with a dash need brackets: tasks['my-task']",
  'expression-function':
    'use a function of expr, asInt, asFloat, toJson, jsonpath or sprig.NAME, with its arguments',
  'expression-subset': 'a local run cannot do this: docs/runner.md lists the functions it has',
  'label-expression':
    "an expression that gives a text, such as workflow.parameters['logical-date']",
  'label-value':
    'at most 63 letters, digits, dots, dashes and underscores, a letter or digit at both ends',
  'hook-expression': 'an expression that gives true or false, such as workflow.status == "Failed"',
  'hook-template': 'name a template of this workflow, or a templateRef',
  'retry-policy': 'one of Always, OnFailure, OnError, OnTransientError',
  'retry-expression':
    'lastRetry has exitCode, status, duration and message, all texts: asInt(lastRetry.exitCode) == 40',
  'retry-limit': 'a whole number in quotes, such as "2"',
  'retry-inherited':
    'put retryStrategy on each leaf template: here it is given to DAGs and steps too, and multiplies',
  'retry-non-leaf':
    'retry the leaf templates: here every task below runs again, and their retries multiply',
  'retry-time':
    'leave maxDuration out (limit bounds the attempts), or make it longer than timeout and the first wait together',
  'retry-tag':
    'give the template a retryStrategy (limit: "0" for a single attempt), or leave the tag out',
  duration: 'a number with a unit, such as 90s, 15m or 1h30m',
  'timeout-non-leaf':
    'put timeout and pendingTimeout on leaf templates; activeDeadlineSeconds bounds the workflow',
  'leaf-parallelism':
    'delete it: a leaf is bounded by a semaphore, or by parallelism of the template that calls it',
  'lock-name':
    'name the lock; a tag in it must be known before the workflow starts, such as workflow.parameters.x',
  semaphore: 'a semaphore has configMapKeyRef with name and key, and the ConfigMap has that key',
  recursion: 'add a when that ends it to the task that calls the template again',
  'loop-size':
    'a run takes fan-outs of up to 10000 items: hand on shards, and give withSequence an end or a count',
  'cron-schedule': 'five fields such as "30 2 * * 1-5", or @daily; the list is called schedules',
  'cron-time-zone': 'a name of the IANA list such as Europe/Zurich, with its capitals',
  'cron-policy':
    'concurrencyPolicy is Allow, Forbid or Replace; startingDeadlineSeconds is not below 0',
  'cron-name': 'shorten metadata.name to 52 characters: the time is put behind it',
  'cron-when':
    '{{= cronworkflow.failed < 3 }}: an expression over cronworkflow; plain tags work for its name only',
  'cron-stop':
    'an expression over cronworkflow.failed, .succeeded or .lastScheduledTime, such as cronworkflow.failed >= 3',
  'metric-name': 'letters, digits and underscores, no digit first',
  'metric-help': 'write help: it must not be empty',
  'metric-value': 'exactly one of gauge, counter and histogram, with a number or a tag as value',
  'metric-conflict':
    'a metric has one type, one help text and one list of buckets wherever it is written',
  'metric-label':
    'leave it out: each value makes a time series of its own, for ever; such facts belong in the run record',
  'executor-account':
    'set spec.executor.serviceAccountName to an account with the right to workflowtaskresults',
  'account-missing': 'add the ServiceAccount to the set, or correct the name',
  'executor-role':
    'bind a Role with workflowtaskresults (argoproj.io), verbs create and patch, to the executor account',
  'executor-token':
    'add a Secret of type kubernetes.io/service-account-token called ACCOUNT.service-account-token: Kubernetes makes none by itself',
  'disruption-budget':
    'minAvailable: 9999; a percentage needs a scale subresource, which workflows lack',
  'event-selector':
    'an expression that gives true or false over payload, metadata, namespace and discriminator',
  'event-argument':
    'valueFrom.event with an expression over payload, such as payload.Records[0].s3.object.key',
  'event-metadata': 'each value is an expression that gives a text: quote words twice, \'"event"\'',
  'event-name':
    'use generateName: a repeated event with a fixed name fails, and the sender repeats it for ever',
  'event-key': 'the key is form-encoded: compare with %2F for a slash, or decode it in the step',
  command: 'command: [argosy]; the steps are those of argosy step PIPELINE --help',
  'step-unknown': 'name a pipeline and a step: args: [step, PIPELINE, STEP, --flag=value]',
  'flag-unknown': 'argosy step PIPELINE STEP --help lists the flags',
  'flag-missing': 'give the flag: --name=value',
  'flag-twice': 'give the flag once: the last one would win',
  'image-empty': 'give the image here or in templateDefaults.container.image',
  'output-path': 'a step writes its outputs below /tmp/out/: valueFrom.path: /tmp/out/NAME',
  'output-read-only':
    'mount a volume at /tmp: the root file system is read-only, so nothing can be written there',
  'volume-missing': 'add the volume to spec.volumes, or correct the name',
  'mount-twice': 'give each mount a path of its own',
  'pod-security':
    'runAsNonRoot: true, seccompProfile RuntimeDefault, allowPrivilegeEscalation: false, capabilities drop [ALL]',
  'memory-limit': 'set resources.limits.memory: a step without one can take down its neighbours',
  'resource-requests':
    'set resources.requests.cpu and .memory: without them cost is counted with a made-up 100m and 100Mi',
} as const;

export type LintRule = keyof typeof LINT_RULES;

/** One thing that `argosy lint` has found. */
export interface Finding {
  file: string;
  line: number;
  /** The field it is about, as `spec.templates[1].when`; empty when it is the file. */
  path: string;
  rule: LintRule;
  /** What is wrong, on one line. */
  message: string;
  /** What to write instead. */
  hint: string;
}
