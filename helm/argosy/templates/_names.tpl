{{/* Names and labels. */}}

{{- define "argosy.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 40 characters, so that what is put behind it stays below 63. */}}
{{- define "argosy.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "argosy.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "argosy.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What selects pods: it never changes in the life of a release. Takes (list $ component). */}}
{{- define "argosy.selectorLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ include "argosy.name" $root }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* Takes (list $ component). */}}
{{- define "argosy.labels" -}}
{{- $root := index . 0 -}}
{{- $labels := include "argosy.selectorLabels" . | fromYaml -}}
{{- $_ := set $labels "app.kubernetes.io/version" ($root.Chart.AppVersion | toString) -}}
{{- $_ := set $labels "app.kubernetes.io/part-of" "argosy" -}}
{{- $_ := set $labels "app.kubernetes.io/managed-by" $root.Release.Service -}}
{{- $_ := set $labels "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_") -}}
{{- mergeOverwrite (deepCopy $root.Values.commonLabels) $labels | toYaml -}}
{{- end -}}

{{/* metadata of an object. Takes a dict: root, name, component, and if wanted labels, annotations, namespace. */}}
{{- define "argosy.metadata" -}}
{{- $labels := include "argosy.labels" (list .root .component) | fromYaml -}}
{{- $annotations := mergeOverwrite (deepCopy .root.Values.commonAnnotations) (default dict .annotations) -}}
name: {{ .name }}
namespace: {{ default .root.Release.Namespace .namespace }}
labels:
  {{- mergeOverwrite $labels (default dict .labels) | toYaml | nindent 2 }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "argosy.image" -}}
{{- $image := .Values.image -}}
{{- $path := $image.repository -}}
{{- if $image.registry }}{{ $path = printf "%s/%s" (trimSuffix "/" $image.registry) $path }}{{ end -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $path $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $path (default .Chart.AppVersion $image.tag | toString) -}}
{{- end -}}
{{- end -}}

{{/* Name of an account. Takes (list $ kind), kind one of step, executor, events. */}}
{{- define "argosy.accountName" -}}
{{- $root := index . 0 -}}
{{- $kind := index . 1 -}}
{{- $account := index $root.Values.serviceAccounts $kind -}}
{{- default (printf "%s-%s" (include "argosy.fullname" $root) $kind) $account.name -}}
{{- end -}}

{{/* Name of the account of a pipeline's steps. Takes (list $ pipelineName). */}}
{{- define "argosy.stepAccountName" -}}
{{- $root := index . 0 -}}
{{- $pipeline := index $root.Values.pipelines (index . 1) -}}
{{- if $pipeline.serviceAccount.name -}}
{{- $pipeline.serviceAccount.name -}}
{{- else if $pipeline.serviceAccount.create -}}
{{- printf "%s-step-%s" (include "argosy.fullname" $root) (index . 1) -}}
{{- else -}}
{{- include "argosy.accountName" (list $root "step") -}}
{{- end -}}
{{- end -}}

{{/* Names of the installed pipelines, as a JSON list. */}}
{{- define "argosy.pipelineNames" -}}
{{- $names := list -}}
{{- range $name, $pipeline := .Values.pipelines }}{{ if $pipeline.enabled }}{{ $names = append $names $name }}{{ end }}{{ end -}}
{{- $names | sortAlpha | toJson -}}
{{- end -}}

{{/* Documents of a file of several, as a JSON list. Takes (list $ path). */}}
{{- define "argosy.documents" -}}
{{- $root := index . 0 -}}
{{- $documents := list -}}
{{- range $text := regexSplit "(?m)^---\\s*$" ($root.Files.Get (index . 1)) -1 -}}
{{- with fromYaml $text -}}
{{- if hasKey . "Error" }}{{ fail (printf "%s: %s" (index $ 1) .Error) }}{{ end -}}
{{- $documents = append $documents . -}}
{{- end -}}
{{- end -}}
{{- $documents | toJson -}}
{{- end -}}

{{/* The pod and container security of Pod Security `restricted`. */}}
{{- define "argosy.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "argosy.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}
