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
  CronWorkflowSpec: `workflowSpec:WorkflowSpec ~schedules:[string] ~concurrencyPolicy:string
    ~suspend:bool ~startingDeadlineSeconds:int ~successfulJobsHistoryLimit:int
    ~failedJobsHistoryLimit:int ~timezone:string ~workflowMetadata:Meta
    ~stopStrategy:StopStrategy ~when:string`,
  StopStrategy: 'expression:string',
  WorkflowEventBinding: 'apiVersion:string kind:string metadata:Meta spec:WorkflowEventBindingSpec',
  WorkflowEventBindingSpec: 'event:Event submit:Submit',
  Event: 'selector:string',
  Submit: 'workflowTemplateRef:WorkflowTemplateRef metadata:Meta arguments:Arguments',
  WorkflowSpec: `templates:[Template] entrypoint:string arguments:Arguments
    serviceAccountName:string ~automountServiceAccountToken:bool ~executor:ExecutorConfig
    ~volumes:[Volume] ~volumeClaimTemplates:[any] parallelism:int ~artifactRepositoryRef !suspend
    ~nodeSelector ~affinity ~tolerations ~imagePullSecrets ~hostNetwork ~dnsPolicy
    ~dnsConfig onExit:string ~ttlStrategy:TTLStrategy activeDeadlineSeconds:int priority:int
    ~schedulerName ~podGC:PodGC ~podPriorityClassName ~hostAliases
    ~securityContext:PodSecurityContext ~podSpecPatch
    ~podDisruptionBudget:PodDisruptionBudgetSpec ~metrics:Metrics !shutdown
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
    !resource dag:DAGTemplate suspend:SuspendTemplate !data !http !plugin ~volumes:[Volume]
    !initContainers !sidecars ~archiveLocation activeDeadlineSeconds:intstr
    retryStrategy:RetryStrategy parallelism:int failFast:bool ~tolerations
    ~schedulerName ~priorityClassName ~serviceAccountName:string
    ~automountServiceAccountToken:bool ~executor:ExecutorConfig ~hostAliases
    ~securityContext:PodSecurityContext ~podSpecPatch ~metrics:Metrics
    synchronization:Synchronization ~memoize:Memoize timeout:string
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
  Container: `~name ~image:string command:[string] args:[string] ~workingDir ~ports ~envFrom
    env:[EnvVar] ~resources:ResourceRequirements ~resizePolicy ~restartPolicy ~restartPolicyRules
    ~volumeMounts:[VolumeMount] ~volumeDevices ~livenessProbe ~readinessProbe ~startupProbe
    ~lifecycle ~terminationMessagePath ~terminationMessagePolicy ~imagePullPolicy
    ~securityContext:SecurityContext ~stdin ~stdinOnce ~tty`,
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
  Synchronization: '~semaphores:[SemaphoreRef] mutexes:[Mutex]',
  Mutex: 'name:string ~namespace:string ~database:bool',
  SemaphoreRef: 'configMapKeyRef:ConfigMapKeySelector namespace:string database:SyncDatabaseRef',
  ConfigMapKeySelector: 'name:string key:string optional:bool',
  SyncDatabaseRef: 'key:string',
  Metrics: 'prometheus:[Prometheus]',
  Prometheus: `name:string labels:[MetricLabel] help:string when:string gauge:Gauge
    histogram:Histogram counter:Counter`,
  MetricLabel: 'key:string value:string',
  Gauge: 'value:string realtime:bool operation:string',
  Histogram: 'value:string buckets:[any]',
  Counter: 'value:string',
  TTLStrategy: 'secondsAfterCompletion:int secondsAfterSuccess:int secondsAfterFailure:int',
  PodGC: 'strategy:string labelSelector deleteDelayDuration:string',
  PodDisruptionBudgetSpec: `minAvailable:intstr selector maxUnavailable:intstr
    unhealthyPodEvictionPolicy:string`,
  ExecutorConfig: 'serviceAccountName:string',
  Memoize: 'key:string cache maxAge:string',
  PodSecurityContext: `seLinuxOptions windowsOptions runAsUser:int runAsGroup:int
    runAsNonRoot:bool supplementalGroups:[int] supplementalGroupsPolicy:string fsGroup:int
    sysctls fsGroupChangePolicy:string seccompProfile:SeccompProfile appArmorProfile
    seLinuxChangePolicy:string`,
  SecurityContext: `capabilities:Capabilities privileged:bool seLinuxOptions windowsOptions
    runAsUser:int runAsGroup:int runAsNonRoot:bool readOnlyRootFilesystem:bool
    allowPrivilegeEscalation:bool procMount:string seccompProfile:SeccompProfile appArmorProfile`,
  Capabilities: 'add:[string] drop:[string]',
  SeccompProfile: 'type:string localhostProfile:string',
  ResourceRequirements: 'limits:{any} requests:{any} claims',
  Volume: `name:string hostPath emptyDir:EmptyDirVolumeSource gcePersistentDisk
    awsElasticBlockStore gitRepo secret nfs iscsi glusterfs persistentVolumeClaim rbd flexVolume
    cinder cephfs flocker downwardAPI fc azureFile configMap vsphereVolume quobyte azureDisk
    photonPersistentDisk projected portworxVolume scaleIO storageos csi ephemeral image`,
  EmptyDirVolumeSource: 'medium:string sizeLimit',
  VolumeMount: `name:string readOnly:bool recursiveReadOnly:string mountPath:string
    subPath:string mountPropagation:string subPathExpr:string`,
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
