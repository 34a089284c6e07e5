{{/*
A Secret that the values name: refused when the cluster can be asked and does not have it, or not the key. Offline
(helm template) nobody can be asked. Takes a dict: root, path (of the key in the values), secret, keys.
*/}}
{{- define "argosy.checkSecret" -}}
{{- $namespace := .root.Release.Namespace -}}
{{- if and .root.Values.checks.secrets (lookup "v1" "ServiceAccount" $namespace "default") -}}
{{- $found := lookup "v1" "Secret" $namespace .secret -}}
{{- if not $found }}{{ fail (printf "%s: there is no Secret %q in namespace %q; create it first" .path .secret $namespace) }}{{ end -}}
{{- $path := .path -}}
{{- $secret := .secret -}}
{{- range .keys -}}
{{- if not (hasKey (default dict $found.data) .) }}{{ fail (printf "%s: the Secret %q has no key %q; it has %s" $path $secret . (keys (default dict $found.data) | sortAlpha | join ", ")) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "argosy.checks" -}}
{{- include "argosy.checkStore" . -}}
{{- include "argosy.checkSalt" . -}}
{{- include "argosy.checkWarehouse" . -}}
{{- include "argosy.checkNotify" . -}}
{{- include "argosy.checkRest" . -}}
{{- range .Values.imagePullSecrets }}{{ include "argosy.checkSecret" (dict "root" $ "path" "imagePullSecrets" "secret" .name "keys" list) }}{{ end -}}
{{- end -}}

{{- define "argosy.checkStore" -}}
{{- $store := .Values.store -}}
{{- $keys := compact (list $store.existingSecretKeys.accessKeyId $store.existingSecretKeys.secretAccessKey $store.existingSecretKeys.sessionToken) -}}
{{- if and (eq $store.identity "irsa") .Values.serviceAccounts.step.create (not $store.roleArn) (not (index .Values.serviceAccounts.step.annotations "eks.amazonaws.com/role-arn")) -}}
{{- range $name := include "argosy.pipelineNames" . | fromJsonArray -}}
{{- $pipeline := index $.Values.pipelines $name -}}
{{- if not (and $pipeline.serviceAccount.create (or $pipeline.store.roleArn (index $pipeline.serviceAccount.annotations "eks.amazonaws.com/role-arn"))) -}}
{{- fail "store.roleArn: store.identity is irsa, so the IAM role has to be named" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and (eq $store.identity "irsa") $store.endpoint -}}
{{- fail "store.identity: irsa is AWS' own; with store.endpoint say keys, and name store.existingSecret" -}}
{{- end -}}
{{- with $store.existingSecret }}{{ include "argosy.checkSecret" (dict "root" $ "path" "store.existingSecret" "secret" . "keys" $keys) }}{{ end -}}
{{- range $name := include "argosy.pipelineNames" . | fromJsonArray -}}
{{- $pipeline := index $.Values.pipelines $name -}}
{{- $hasKeys := or $store.existingSecret $pipeline.store.existingSecret $pipeline.existingSecret (include "argosy.usesDevStore" $) -}}
{{- if and (eq $store.identity "keys") (not $hasKeys) -}}
{{- fail (printf "store.existingSecret: store.identity is keys, so the Secret with the access keys has to be named (or pipelines.%s.store.existingSecret); on AWS say irsa, pod-identity or instance" $name) -}}
{{- end -}}
{{- if and $pipeline.store.roleArn (not $pipeline.serviceAccount.create) -}}
{{- fail (printf "pipelines.%s.store.roleArn: a role of its own needs pipelines.%s.serviceAccount.create" $name $name) -}}
{{- end -}}
{{- with $pipeline.store.existingSecret }}{{ include "argosy.checkSecret" (dict "root" $ "path" (printf "pipelines.%s.store.existingSecret" $name) "secret" . "keys" $keys) }}{{ end -}}
{{- with $pipeline.existingSecret }}{{ include "argosy.checkSecret" (dict "root" $ "path" (printf "pipelines.%s.existingSecret" $name) "secret" . "keys" list) }}{{ end -}}
{{- end -}}
{{- end -}}

{{- define "argosy.checkSalt" -}}
{{- $given := keys .Values.settings -}}
{{- range .Values.workflow.extraEnv }}{{ $given = append $given .name }}{{ end -}}
{{- $isGiven := or (has "ARGOSY_PII_SALT" $given) (has "ARGOSY_PII_SALT_FILE" $given) -}}
{{- range $name := include "argosy.pipelineNames" . | fromJsonArray -}}
{{- $needs := and (include "argosy.hashesPersons" (list $ $name)) (not (include "argosy.usesDevSalt" (list $ $name))) -}}
{{- if and $needs (not $isGiven) (not (index $.Values.pipelines $name).existingSecret) -}}
{{- fail (printf "pipelines.%s.existingSecret: identifiers of persons are hashed in environment %s, so a Secret with the key ARGOSY_PII_SALT, a random text to keep, has to be named" $name $.Values.environment) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "argosy.checkWarehouse" -}}
{{- $warehouse := .Values.warehouse -}}
{{- range $name := include "argosy.pipelineNames" . | fromJsonArray -}}
{{- if and (index $.Values.pipelines $name).warehouse (not $warehouse.existingSecret) (not (include "argosy.usesDevWarehouse" $)) -}}
{{- fail (printf "warehouse.existingSecret: pipelines.%s.warehouse is true, so the Secret with the database's address has to be named" $name) -}}
{{- end -}}
{{- end -}}
{{- with $warehouse.existingSecret }}{{ include "argosy.checkSecret" (dict "root" $ "path" "warehouse.existingSecret" "secret" . "keys" (list $warehouse.existingSecretKey)) }}{{ end -}}
{{- end -}}

{{- define "argosy.checkNotify" -}}
{{- range $kind := list "webhook" "smtp" -}}
{{- $notify := index $.Values.notify $kind -}}
{{- if $notify.enabled -}}
{{- if not $notify.existingSecret }}{{ fail (printf "notify.%s.existingSecret: notify.%s is enabled, so the Secret with the address has to be named" $kind $kind) }}{{ end -}}
{{- include "argosy.checkSecret" (dict "root" $ "path" (printf "notify.%s.existingSecret" $kind) "secret" $notify.existingSecret "keys" (list $notify.existingSecretKey)) -}}
{{- end -}}
{{- end -}}
{{- $smtp := .Values.notify.smtp -}}
{{- if and $smtp.enabled (not $smtp.from) }}{{ fail "notify.smtp.from: notify.smtp is enabled, so the sender has to be named" }}{{ end -}}
{{- if and $smtp.enabled (not $smtp.to) }}{{ fail "notify.smtp.to: notify.smtp is enabled, so a receiver has to be named" }}{{ end -}}
{{- end -}}

{{- define "argosy.checkRest" -}}
{{- range $name := keys .Values.pipelines | sortAlpha -}}
{{- $setting := printf "ARGOSY_BUCKET_%s" ($name | upper | replace "-" "_") -}}
{{- if hasKey $.Values.settings $setting }}{{ fail (printf "settings.%s: say pipelines.%s.bucket instead: the event's selector needs the bucket too" $setting $name) }}{{ end -}}
{{- range $side, $_ := (index $.Values.pipelines $name).sideBuckets -}}
{{- if ne (printf "%s/%s" $name $side) "finance/processed" }}{{ fail (printf "pipelines.%s.sideBuckets.%s: there is no such bucket; only finance has one beside its own, processed" $name $side) }}{{ end -}}
{{- $sideSetting := printf "%s_%s" $setting ($side | upper) -}}
{{- if hasKey $.Values.settings $sideSetting }}{{ fail (printf "settings.%s: say pipelines.%s.sideBuckets.%s instead" $sideSetting $name $side) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- range $name := include "argosy.pipelineNames" . | fromJsonArray -}}
{{- if not ($.Files.Get (printf "files/workflows/%s.yaml" $name)) }}{{ fail (printf "pipelines.%s: there is no workflow of that name in this chart" $name) }}{{ end -}}
{{- end -}}
{{- if and .Values.setup.enabled (not (include "argosy.storeEndpoint" .)) }}{{ fail "setup.enabled: buckets are made on a MinIO server, so store.endpoint has to be named" }}{{ end -}}
{{- if and .Values.rbac.submitter.enabled (not .Values.rbac.submitter.subjects) }}{{ fail "rbac.submitter.subjects: rbac.submitter is enabled, so somebody has to be named" }}{{ end -}}
{{- $monitoring := .Values.monitoring -}}
{{- if and $monitoring.serviceMonitor.enabled (not $monitoring.serviceMonitor.selector) (not .Values.dev.pushgateway.enabled) }}{{ fail "monitoring.serviceMonitor.selector: the labels of the Pushgateway's Service have to be named" }}{{ end -}}
{{- range $kind := list "serviceMonitor" "podMonitor" "prometheusRule" -}}
{{- if and (index $monitoring $kind).enabled (lookup "v1" "ServiceAccount" $.Release.Namespace "default") (not ($.Capabilities.APIVersions.Has "monitoring.coreos.com/v1")) -}}
{{- fail (printf "monitoring.%s.enabled: this cluster does not know monitoring.coreos.com/v1; install the Prometheus operator first" $kind) -}}
{{- end -}}
{{- end -}}
{{- if and (lookup "v1" "ServiceAccount" .Release.Namespace "default") (semverCompare "<1.28.0-0" .Capabilities.KubeVersion.Version) -}}
{{- fail (printf "argo: Kubernetes %s is too old for Argo Workflows v4.1; it has to be 1.28 or later" .Capabilities.KubeVersion.Version) -}}
{{- end -}}
{{- if and (lookup "v1" "ServiceAccount" .Release.Namespace "default") (not (.Capabilities.APIVersions.Has "argoproj.io/v1alpha1/WorkflowTemplate")) -}}
{{- fail "argo: this cluster does not know argoproj.io/v1alpha1; install Argo Workflows (v4.1) first" -}}
{{- end -}}
{{- end -}}
