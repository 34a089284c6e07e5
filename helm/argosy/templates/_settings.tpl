{{/* What the steps are told: addresses, Secrets, environment. */}}

{{- define "argosy.devSecretName" -}}{{ include "argosy.fullname" . }}-dev{{- end -}}

{{- define "argosy.storeEndpoint" -}}
{{- if .Values.store.endpoint -}}
{{- .Values.store.endpoint -}}
{{- else if .Values.dev.minio.enabled -}}
http://{{ include "argosy.fullname" . }}-minio.{{ .Release.Namespace }}.svc:9000
{{- end -}}
{{- end -}}

{{- define "argosy.usesDevStore" -}}
{{- if and .Values.dev.minio.enabled (not .Values.store.endpoint) (not .Values.store.existingSecret) }}true{{ end -}}
{{- end -}}

{{- define "argosy.usesDevWarehouse" -}}
{{- if and .Values.dev.postgresql.enabled (not .Values.warehouse.existingSecret) }}true{{ end -}}
{{- end -}}

{{/* Whether steps of a pipeline hash identifiers of persons, for which they need a salt. Takes (list $ pipelineName). */}}
{{- define "argosy.hashesPersons" -}}
{{- if and (eq (index . 1) "commerce") (not (has (lower (index . 0).Values.environment) (list "local" "prod" "production"))) }}true{{ end -}}
{{- end -}}

{{/* Whether the salt is that of the Secret of the dev profile. Takes (list $ pipelineName). */}}
{{- define "argosy.usesDevSalt" -}}
{{- $root := index . 0 -}}
{{- if and (include "argosy.hashesPersons" .) (include "argosy.usesDevStore" $root) (not (index $root.Values.pipelines (index . 1)).existingSecret) }}true{{ end -}}
{{- end -}}

{{- define "argosy.pushgatewayUrl" -}}
{{- if .Values.pushgateway.url -}}
{{- .Values.pushgateway.url -}}
{{- else if .Values.dev.pushgateway.enabled -}}
http://{{ include "argosy.fullname" . }}-pushgateway.{{ .Release.Namespace }}.svc:9091
{{- end -}}
{{- end -}}

{{/* Port of an address. Takes the address. */}}
{{- define "argosy.portOf" -}}
{{- $host := (urlParse .).host -}}
{{- $port := regexFind ":[0-9]+$" $host | trimPrefix ":" -}}
{{- default (ternary "443" "80" (hasPrefix "https" .)) $port -}}
{{- end -}}

{{/* The settings that are no secret, as ConfigMap data. */}}
{{- define "argosy.settings" -}}
{{- $values := .Values -}}
{{- $data := dict "ARGOSY_STORE" "s3:" "ARGOSY_ENGINE" $values.engine "ARGOSY_ENVIRONMENT" $values.environment -}}
{{- $_ := set $data "ARGOSY_LOG_LEVEL" $values.log.level -}}
{{- $_ := set $data "ARGOSY_LOG_FORMAT" $values.log.format -}}
{{- $_ := set $data "ARGOSY_S3_REGION" $values.store.region -}}
{{- with include "argosy.storeEndpoint" . }}{{ $_ := set $data "ARGOSY_S3_ENDPOINT" . }}{{ end -}}
{{- if not (kindIs "invalid" $values.store.pathStyle) }}{{ $_ := set $data "ARGOSY_S3_PATH_STYLE" (toString $values.store.pathStyle) }}{{ end -}}
{{- with include "argosy.pushgatewayUrl" . }}{{ $_ := set $data "ARGOSY_PUSHGATEWAY_URL" . }}{{ end -}}
{{- with $values.lineage.url }}{{ $_ := set $data "ARGOSY_LINEAGE" . }}{{ end -}}
{{- with $values.warehouse.redshiftIamRoleArn }}{{ $_ := set $data "ARGOSY_REDSHIFT_IAM_ROLE_ARN" . }}{{ end -}}
{{- with $values.notify.topics }}{{ $_ := set $data "ARGOSY_NOTIFY_TOPICS" (join "," .) }}{{ end -}}
{{- with $values.notify.sns.topicArn }}{{ $_ := set $data "ARGOSY_NOTIFY_SNS_TOPIC_ARN" . }}{{ end -}}
{{- if $values.notify.smtp.enabled -}}
{{- $_ := set $data "ARGOSY_NOTIFY_MAIL_FROM" $values.notify.smtp.from -}}
{{- $_ := set $data "ARGOSY_NOTIFY_MAIL_TO" (join "," $values.notify.smtp.to) -}}
{{- end -}}
{{- if $values.store.trustedCa.existingConfigMap }}{{ $_ := set $data "NODE_EXTRA_CA_CERTS" "/etc/argosy/ca.crt" }}{{ end -}}
{{- range $name, $pipeline := $values.pipelines -}}
{{- if $pipeline.bucket }}{{ $_ := set $data (printf "ARGOSY_BUCKET_%s" ($name | upper | replace "-" "_")) $pipeline.bucket }}{{ end -}}
{{- range $side, $bucket := $pipeline.sideBuckets -}}
{{- if $bucket }}{{ $_ := set $data (printf "ARGOSY_BUCKET_%s_%s" ($name | upper | replace "-" "_") ($side | upper)) $bucket }}{{ end -}}
{{- end -}}
{{- end -}}
{{- mergeOverwrite $data (deepCopy $values.settings) | toYaml -}}
{{- end -}}

{{- define "argosy.secretVariable" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .key | quote }}
{{ end -}}

{{/* Environment from Secrets for a step of a pipeline. Takes (list $ pipelineName). */}}
{{- define "argosy.secretEnv" -}}
{{- $root := index . 0 -}}
{{- $values := $root.Values -}}
{{- $pipeline := index $values.pipelines (index . 1) -}}
{{- $keys := $values.store.existingSecretKeys -}}
{{- $store := default $values.store.existingSecret $pipeline.store.existingSecret -}}
{{- if and (not $store) (include "argosy.usesDevStore" $root) -}}
{{- $store = include "argosy.devSecretName" $root -}}
{{- $keys = dict "accessKeyId" "minio-user" "secretAccessKey" "minio-password" "sessionToken" "" -}}
{{- end -}}
{{- if $store -}}
{{- include "argosy.secretVariable" (dict "name" "AWS_ACCESS_KEY_ID" "secret" $store "key" $keys.accessKeyId) -}}
{{- include "argosy.secretVariable" (dict "name" "AWS_SECRET_ACCESS_KEY" "secret" $store "key" $keys.secretAccessKey) -}}
{{- if $keys.sessionToken }}{{ include "argosy.secretVariable" (dict "name" "AWS_SESSION_TOKEN" "secret" $store "key" $keys.sessionToken) }}{{ end -}}
{{- end -}}
{{- if $pipeline.warehouse -}}
{{- $secret := $values.warehouse.existingSecret -}}
{{- $key := $values.warehouse.existingSecretKey -}}
{{- if include "argosy.usesDevWarehouse" $root }}{{ $secret = include "argosy.devSecretName" $root }}{{ $key = "warehouse-url" }}{{ end -}}
{{- include "argosy.secretVariable" (dict "name" "ARGOSY_WAREHOUSE" "secret" $secret "key" $key) -}}
{{- end -}}
{{- if include "argosy.usesDevSalt" . -}}
{{- include "argosy.secretVariable" (dict "name" "ARGOSY_PII_SALT" "secret" (include "argosy.devSecretName" $root) "key" "pii-salt") -}}
{{- end -}}
{{- with $values.lineage }}{{ if and .url .existingSecret }}{{ include "argosy.secretVariable" (dict "name" "ARGOSY_LINEAGE_API_KEY" "secret" .existingSecret "key" .existingSecretKey) }}{{ end }}{{ end -}}
{{- with $values.notify.webhook }}{{ if .enabled }}{{ include "argosy.secretVariable" (dict "name" "ARGOSY_NOTIFY_WEBHOOK_URL" "secret" .existingSecret "key" .existingSecretKey) }}{{ end }}{{ end -}}
{{- with $values.notify.smtp }}{{ if .enabled }}{{ include "argosy.secretVariable" (dict "name" "ARGOSY_NOTIFY_SMTP_URL" "secret" .existingSecret "key" .existingSecretKey) }}{{ end }}{{ end -}}
{{- end -}}

{{/* Where a step gets the rest of its environment from. Takes (list $ pipelineName). */}}
{{- define "argosy.envFrom" -}}
{{- $root := index . 0 -}}
- configMapRef:
    name: {{ include "argosy.fullname" $root }}
{{- with (index $root.Values.pipelines (index . 1)).existingSecret }}
- secretRef:
    name: {{ . }}
{{- end }}
{{- end -}}

{{/* A pod of the chart's own that runs argosy with the credentials of a pipeline. Takes a dict: root, pipeline,
component, args, and if wanted resources. */}}
{{- define "argosy.ownPodSpec" -}}
{{- $root := .root -}}
{{- $values := $root.Values -}}
restartPolicy: Never
serviceAccountName: {{ include "argosy.stepAccountName" (list $root .pipeline) }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- include "argosy.podSecurity" . | nindent 2 }}
{{- with $values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.workflow.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.workflow.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
containers:
  - name: argosy
    image: {{ include "argosy.image" $root }}
    imagePullPolicy: {{ $values.image.pullPolicy }}
    command: [argosy]
    args: {{ toJson .args }}
    env:
      - name: ARGOSY_SCRATCH
        value: /tmp/scratch
      {{- include "argosy.secretEnv" (list $root .pipeline) | nindent 6 }}
      {{- with $values.workflow.extraEnv }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    envFrom:
      {{- include "argosy.envFrom" (list $root .pipeline) | nindent 6 }}
    resources:
      requests: {cpu: 100m, memory: 256Mi}
      limits: {memory: 1Gi}
    securityContext:
      {{- include "argosy.containerSecurity" . | nindent 6 }}
    volumeMounts:
      - name: tmp
        mountPath: /tmp
      {{- if $values.store.trustedCa.existingConfigMap }}
      - name: trusted-ca
        mountPath: /etc/argosy
        readOnly: true
      {{- end }}
volumes:
  - name: tmp
    emptyDir:
      sizeLimit: 1Gi
  {{- include "argosy.caVolume" $root | nindent 2 }}
{{- end -}}

{{- define "argosy.caVolume" -}}
{{- with .Values.store.trustedCa }}{{ if .existingConfigMap }}
- name: trusted-ca
  configMap:
    name: {{ .existingConfigMap }}
    items:
      - key: {{ .key }}
        path: ca.crt
{{- end }}{{ end }}
{{- end -}}
