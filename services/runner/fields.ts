/**
 * The fields of a workflow file, as closed lists in the order of Argo's Go types (the order decides
 * which of two mistakes is told first). A plain name is honoured; `~` is accepted and left to the
 * cluster; `!` is a field of Argo that cannot be honoured here and is refused. What is in no list
 * is unknown and refused.
 *
 * Types: `string` `bool` `int` `intstr` (number or text) `text` (any scalar, becomes text) `any`,
 * `[T]` a list, `{T}` a map, a capital a record of this table.
 */
const TABLE = {
  Meta: `name:string generateName:string namespace:string labels:{string}
    annotations:{string} ~creationTimestamp ~deletionGracePeriodSeconds
    ~deletionTimestamp ~finalizers ~generation ~managedFields ~ownerReferences
    ~resourceVersion ~selfLink ~uid`,
  Workflow: 'apiVersion:string kind:string metadata:Meta spec:WorkflowSpec ~status',
  WorkflowTemplate: 'apiVersion:string kind:string metadata:Meta spec:WorkflowSpec',
  CronWorkflow: 'apiVersion:string kind:string metadata:Meta spec:CronWorkflowSpec ~status',
  CronWorkflowSpec: `workflowSpec:WorkflowSpec ~schedules ~concurrencyPolicy ~suspend
    ~startingDeadlineSeconds ~successfulJobsHistoryLimit ~failedJobsHistoryLimit
    ~timezone ~workflowMetadata ~stopStrategy ~when`,
  WorkflowSpec: `templates:[Template] entrypoint:string arguments:Arguments
    serviceAccountName:string ~automountServiceAccountToken ~executor ~volumes
    ~volumeClaimTemplates parallelism:int ~artifactRepositoryRef !suspend
    ~nodeSelector ~affinity ~tolerations ~imagePullSecrets ~hostNetwork ~dnsPolicy
    ~dnsConfig onExit:string ~ttlStrategy activeDeadlineSeconds:int priority:int
    ~schedulerName ~podGC ~podPriorityClassName ~hostAliases ~securityContext
    ~podSpecPatch ~podDisruptionBudget ~metrics !shutdown
    workflowTemplateRef:WorkflowTemplateRef synchronization:Synchronization
    ~volumeClaimGC retryStrategy:RetryStrategy ~podMetadata
    templateDefaults:Template ~archiveLogs hooks:{LifecycleHook}
    workflowMetadata:WorkflowMetadata ~artifactGC ~executorPlugins ~podResources
    ~resourceClaims`,
  WorkflowMetadata: 'labels:{string} annotations:{string} labelsFrom:{LabelValueFrom}',
  LabelValueFrom: 'expression:string',
  WorkflowTemplateRef: 'name:string clusterScope:bool',
  Template: `name:string inputs:Inputs outputs:Outputs ~nodeSelector ~affinity ~metadata
    !daemon steps:[[WorkflowStep]] container:Container !containerSet !script
    !resource dag:DAGTemplate suspend:SuspendTemplate !data !http !plugin ~volumes
    !initContainers !sidecars ~archiveLocation activeDeadlineSeconds:intstr
    retryStrategy:RetryStrategy parallelism:int failFast:bool ~tolerations
    ~schedulerName ~priorityClassName ~serviceAccountName
    ~automountServiceAccountToken ~executor ~hostAliases ~securityContext
    ~podSpecPatch ~metrics synchronization:Synchronization ~memoize timeout:string
    pendingTimeout:string annotations:{string} ~podResources ~resourceClaims`,
  Inputs: 'parameters:[Parameter] !artifacts',
  Outputs: 'parameters:[Parameter] artifacts:[Artifact] !result !exitCode',
  Artifact: `name:string path:string ~archive ~archiveLogs ~artifactGC ~artifactory ~azure
    ~deleted !from !fromExpression ~gcs ~git !globalName ~hdfs ~http ~mode
    ~optional ~oss ~plugin ~raw ~recurseMode ~s3 ~subPath`,
  Arguments: 'parameters:[Parameter] !artifacts',
  Parameter: `name:string default:text value:text valueFrom:ValueFrom globalName:string
    enum:[text] description:text`,
  ValueFrom: `path:string !jsonPath !jqFilter parameter:string default:text supplied:any
    event:string !configMapKeyRef expression:string`,
  Container: `~name ~image command:[string] args:[string] ~workingDir ~ports ~envFrom
    env:[EnvVar] ~resources ~resizePolicy ~restartPolicy ~restartPolicyRules
    ~volumeMounts ~volumeDevices ~livenessProbe ~readinessProbe ~startupProbe
    ~lifecycle ~terminationMessagePath ~terminationMessagePolicy ~imagePullPolicy
    ~securityContext ~stdin ~stdinOnce ~tty`,
  EnvVar: 'name:string value:string ~valueFrom',
  DAGTemplate: 'target:string tasks:[DAGTask] failFast:bool',
  DAGTask: `name:string template:string inline:Template arguments:Arguments
    templateRef:TemplateRef dependencies:[string] withItems:[any] withParam:string
    withSequence:Sequence when:string continueOn:ContinueOn onExit:string
    hooks:{LifecycleHook} depends:string`,
  WorkflowStep: `name:string template:string inline:Template arguments:Arguments
    templateRef:TemplateRef withItems:[any] withParam:string withSequence:Sequence
    when:string continueOn:ContinueOn onExit:string hooks:{LifecycleHook}`,
  TemplateRef: 'name:string template:string clusterScope:bool',
  Sequence: 'count:intstr start:intstr end:intstr format:string',
  ContinueOn: 'error:bool failed:bool',
  LifecycleHook: 'template:string arguments:Arguments templateRef:TemplateRef expression:string',
  SuspendTemplate: 'duration:string',
  RetryStrategy: 'limit:intstr retryPolicy:string backoff:Backoff ~affinity expression:string',
  Backoff: 'duration:string factor:intstr maxDuration:string cap:string',
  Synchronization: '~semaphores mutexes:[Mutex]',
  Mutex: 'name:string ~namespace ~database',
} as const;

export type RecordName = keyof typeof TABLE;

/** What becomes of a field. */
export type FieldRank = 'honoured' | 'cluster' | 'refused';

export type FieldType =
  | { kind: 'string' | 'bool' | 'int' | 'intstr' | 'text' | 'any' }
  | { kind: 'list' | 'map'; of: FieldType }
  | { kind: 'record'; name: RecordName };

export interface Field {
  type: FieldType;
  rank: FieldRank;
}

const parsed = new Map<RecordName, ReadonlyMap<string, Field>>();

/** The fields of one record, in Argo's order. */
export function fieldsOf(name: RecordName): ReadonlyMap<string, Field> {
  let fields = parsed.get(name);
  if (fields === undefined) {
    fields = new Map(TABLE[name].split(/\s+/).map((entry) => parseField(entry)));
    parsed.set(name, fields);
  }
  return fields;
}

function parseField(entry: string): [string, Field] {
  const [field = '', type = 'any'] = entry.replace(/^[~!]/, '').split(':');
  const rank = entry.startsWith('~') ? 'cluster' : entry.startsWith('!') ? 'refused' : 'honoured';
  return [field, { type: parseType(type), rank }];
}

function parseType(text: string): FieldType {
  if (text.startsWith('[')) return { kind: 'list', of: parseType(text.slice(1, -1)) };
  if (text.startsWith('{')) return { kind: 'map', of: parseType(text.slice(1, -1)) };
  if (text in TABLE) return { kind: 'record', name: text as RecordName };
  return { kind: text as 'string' | 'bool' | 'int' | 'intstr' | 'text' | 'any' };
}
