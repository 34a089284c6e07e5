{{/*
A pipeline's WorkflowTemplate: the file in workflows/ with what the values say laid over it. The file is parsed and
printed as data, so that no brace of Argo's is ever seen by Helm. Takes (list $ pipelineName).
*/}}
{{- define "argosy.workflowTemplate" -}}
{{- $root := index . 0 -}}
{{- $name := index . 1 -}}
{{- $values := $root.Values -}}
{{- $pipeline := index $values.pipelines $name -}}
{{- $workflow := index (include "argosy.documents" (list $root (printf "files/workflows/%s.yaml" $name)) | fromJsonArray) 0 -}}
{{- $spec := $workflow.spec -}}
{{- include "argosy.overlayMetadata" (list $root $workflow) -}}
{{- $_ := set $spec "serviceAccountName" (include "argosy.stepAccountName" (list $root $name)) -}}
{{- $_ := set $spec "executor" (dict "serviceAccountName" (include "argosy.accountName" (list $root "executor"))) -}}
{{- include "argosy.overlayPods" (list $root $pipeline $spec) -}}
{{- include "argosy.overlayParameters" (list $root $name $spec) -}}
{{- include "argosy.overlayContainer" (list $root $name $spec) -}}
{{- include "argosy.overlaySteps" (list $name $pipeline $spec) -}}
{{- toYaml $workflow -}}
{{- end -}}

{{/* Namespace and labels of an object out of workflows/; its own component and pipeline stay. Takes (list $ object). */}}
{{- define "argosy.overlayMetadata" -}}
{{- $root := index . 0 -}}
{{- $metadata := (index . 1).metadata -}}
{{- $component := index $metadata.labels "app.kubernetes.io/component" -}}
{{- $labels := mergeOverwrite $metadata.labels (include "argosy.labels" (list $root $component) | fromYaml) -}}
{{- with $root.Values.argo.instanceId }}{{ $_ := set $labels "workflows.argoproj.io/controller-instanceid" . }}{{ end -}}
{{- $_ := set $metadata "labels" $labels -}}
{{- $_ := set $metadata "namespace" $root.Release.Namespace -}}
{{- $_ := set $metadata "annotations" (mergeOverwrite (deepCopy $root.Values.commonAnnotations) (default dict $metadata.annotations)) -}}
{{- end -}}

{{/* What concerns each pod as a whole. Takes (list $ pipelineValues spec). */}}
{{- define "argosy.overlayPods" -}}
{{- $root := index . 0 -}}
{{- $pipeline := index . 1 -}}
{{- $spec := index . 2 -}}
{{- $common := $root.Values.workflow -}}
{{- range $field := list "nodeSelector" "tolerations" "affinity" -}}
{{- with default (get $common $field) (get $pipeline $field) }}{{ $_ := set $spec $field . }}{{ end -}}
{{- end -}}
{{- with $root.Values.imagePullSecrets }}{{ $_ := set $spec "imagePullSecrets" . }}{{ end -}}
{{- with $common.priorityClassName }}{{ $_ := set $spec "podPriorityClassName" . }}{{ end -}}
{{- with $common.ttlStrategy }}{{ $_ := set $spec "ttlStrategy" (mergeOverwrite (deepCopy $spec.ttlStrategy) .) }}{{ end -}}
{{- with default $common.activeDeadlineSeconds $pipeline.activeDeadlineSeconds }}{{ $_ := set $spec "activeDeadlineSeconds" . }}{{ end -}}
{{- if $common.archiveLogs }}{{ $_ := set $spec "archiveLogs" true }}{{ end -}}
{{- /* A number above any count of pods: a percentage would need a controller with a scale, which a Workflow is not. */ -}}
{{- if $common.podDisruptionBudget }}{{ $_ := set $spec "podDisruptionBudget" (dict "minAvailable" 9999) }}{{ end -}}
{{- if not $common.hardenExecutor }}{{ $_ := set $spec "podSpecPatch" "enableServiceLinks: false\n" }}{{ end -}}
{{- $metadata := $spec.podMetadata -}}
{{- $own := include "argosy.selectorLabels" (list $root "step") | fromYaml -}}
{{- $_ := set $metadata "labels" (mergeOverwrite (deepCopy $root.Values.commonLabels) (deepCopy $common.podLabels) $metadata.labels $own) -}}
{{- with $common.podAnnotations }}{{ $_ := set $metadata "annotations" (deepCopy .) }}{{ end -}}
{{- $volumes := list -}}
{{- range $volume := $spec.volumes -}}
{{- if and (eq $volume.name "tmp") $common.scratchSizeLimit }}{{ $_ := set $volume "emptyDir" (dict "sizeLimit" $common.scratchSizeLimit) }}{{ end -}}
{{- $volumes = append $volumes $volume -}}
{{- end -}}
{{- range include "argosy.caVolume" $root | fromYamlArray }}{{ $volumes = append $volumes . }}{{ end -}}
{{- $_ := set $spec "volumes" $volumes -}}
{{- end -}}

{{/* Parameters' defaults; a name or value that the workflow does not know is refused. Takes (list $ pipelineName spec). */}}
{{- define "argosy.overlayParameters" -}}
{{- $root := index . 0 -}}
{{- $name := index . 1 -}}
{{- $spec := index . 2 -}}
{{- $given := (index $root.Values.pipelines $name).parameters -}}
{{- $known := list -}}
{{- $parameters := list -}}
{{- range $parameter := $spec.arguments.parameters -}}
{{- if ne $parameter.name "image" -}}
{{- $parameters = append $parameters $parameter -}}
{{- $known = append $known $parameter.name -}}
{{- if hasKey $given $parameter.name -}}
{{- $value := get $given $parameter.name | toString -}}
{{- if and $parameter.enum (not (has $value $parameter.enum)) -}}
{{- fail (printf "pipelines.%s.parameters.%s: %q is not one of %s" $name $parameter.name $value (join ", " $parameter.enum)) -}}
{{- end -}}
{{- $_ := set $parameter "value" $value -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $_ := set $spec.arguments "parameters" $parameters -}}
{{- range $key, $_ := $given -}}
{{- if not (has $key $known) }}{{ fail (printf "pipelines.%s.parameters.%s: the workflow has no such parameter; it has %s" $name $key (join ", " $known)) }}{{ end -}}
{{- end -}}
{{- end -}}

{{/* The container that every step starts from. Takes (list $ pipelineName spec). */}}
{{- define "argosy.overlayContainer" -}}
{{- $root := index . 0 -}}
{{- $name := index . 1 -}}
{{- $container := (index . 2).templateDefaults.container -}}
{{- $pipeline := index $root.Values.pipelines $name -}}
{{- /* Not by a parameter: whoever may submit would choose what runs with the step's rights. Argo holds nobody to an enum. */ -}}
{{- $image := include "argosy.image" $root -}}
{{- $_ := set $container "image" $image -}}
{{- range (index . 2).templates }}{{ if .container }}{{ $_ := set .container "image" $image }}{{ end }}{{ end -}}
{{- $_ := set $container "imagePullPolicy" $root.Values.image.pullPolicy -}}
{{- /* The settings in full, and not by a ConfigMap that each pod reads anew: a run keeps those that it began with. */ -}}
{{- $env := $container.env -}}
{{- range $key, $value := include "argosy.settings" $root | fromYaml }}{{ $env = append $env (dict "name" $key "value" (toString $value)) }}{{ end -}}
{{- range include "argosy.secretEnv" (list $root $name) | fromYamlArray }}{{ $env = append $env . }}{{ end -}}
{{- range $root.Values.workflow.extraEnv }}{{ $env = append $env . }}{{ end -}}
{{- $_ := set $container "env" $env -}}
{{- $_ := unset $container "envFrom" -}}
{{- with $pipeline.existingSecret }}{{ $_ := set $container "envFrom" (list (dict "secretRef" (dict "name" .))) }}{{ end -}}
{{- $_ := set $container "resources" (mergeOverwrite $container.resources (deepCopy $root.Values.workflow.resources) (deepCopy $pipeline.resources)) -}}
{{- if $root.Values.store.trustedCa.existingConfigMap -}}
{{- $_ := set $container "volumeMounts" (append $container.volumeMounts (dict "name" "trusted-ca" "mountPath" "/etc/argosy" "readOnly" true)) -}}
{{- end -}}
{{- end -}}

{{/* What holds for one step alone. Takes (list pipelineName pipelineValues spec). */}}
{{- define "argosy.overlaySteps" -}}
{{- $name := index . 0 -}}
{{- $steps := (index . 1).steps -}}
{{- $known := list -}}
{{- range $template := (index . 2).templates -}}
{{- if $template.container -}}
{{- $known = append $known $template.name -}}
{{- with get $steps $template.name -}}
{{- with .resources }}{{ $_ := set $template.container "resources" (deepCopy .) }}{{ end -}}
{{- with .timeout }}{{ $_ := set $template "timeout" . }}{{ end -}}
{{- with .pendingTimeout }}{{ $_ := set $template "pendingTimeout" . }}{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $step, $_ := $steps -}}
{{- if not (has $step $known) }}{{ fail (printf "pipelines.%s.steps.%s: the workflow has no such step; it has %s" $name $step (join ", " $known)) }}{{ end -}}
{{- end -}}
{{- end -}}

{{/* The objects of a file in workflows/ that belong to an installed pipeline, as a JSON list. Takes (list $ path). */}}
{{- define "argosy.ownDocuments" -}}
{{- $root := index . 0 -}}
{{- $installed := include "argosy.pipelineNames" $root | fromJsonArray -}}
{{- $own := list -}}
{{- range $document := include "argosy.documents" . | fromJsonArray -}}
{{- if has (index $document.metadata.labels "argosy.dev/pipeline") $installed -}}
{{- include "argosy.overlayMetadata" (list $root $document) -}}
{{- $own = append $own $document -}}
{{- end -}}
{{- end -}}
{{- $own | toJson -}}
{{- end -}}

{{/* What the values say of when a CronWorkflow runs. Takes (list cronWorkflow scheduleValues). */}}
{{- define "argosy.overlaySchedule" -}}
{{- $spec := (index . 0).spec -}}
{{- $schedule := index . 1 -}}
{{- /* Its lines are of the schedule or sweep itself: what a pipeline does at other times beside it keeps its own. */ -}}
{{- $name := (index . 0).metadata.name -}}
{{- $pipeline := index (index . 0).metadata.labels "argosy.dev/pipeline" -}}
{{- if or (eq $name $pipeline) (eq $name (printf "%s-sweep" $pipeline)) -}}
{{- with $schedule.schedules }}{{ $_ := set $spec "schedules" . }}{{ end -}}
{{- end -}}
{{- with $schedule.timezone }}{{ $_ := set $spec "timezone" . }}{{ end -}}
{{- with $schedule.startingDeadlineSeconds }}{{ $_ := set $spec "startingDeadlineSeconds" . }}{{ end -}}
{{- $_ := set $spec "suspend" $schedule.suspend -}}
{{- end -}}

{{/* The CronWorkflows that are installed: name → WorkflowTemplate, as JSON. */}}
{{- define "argosy.cronNames" -}}
{{- $crons := dict -}}
{{- $paths := list "files/workflows/schedules.yaml" -}}
{{- if .Values.events.enabled }}{{ $paths = append $paths "files/workflows/events.yaml" }}{{ end -}}
{{- range $path := $paths -}}
{{- range $object := include "argosy.ownDocuments" (list $ $path) | fromJsonArray -}}
{{- $labels := $object.metadata.labels -}}
{{- $pipeline := index $.Values.pipelines (index $labels "argosy.dev/pipeline") -}}
{{- $isSweep := eq (index $labels "app.kubernetes.io/component") "sweep" -}}
{{- if and (eq $object.kind "CronWorkflow") (ternary $pipeline.sweep.enabled $pipeline.schedule.enabled $isSweep) -}}
{{- $_ := set $crons $object.metadata.name $object.spec.workflowSpec.workflowTemplateRef.name -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $crons -}}
{{- end -}}
