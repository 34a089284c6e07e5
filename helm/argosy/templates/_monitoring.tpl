{{/* Alert groups: those of files/alerts.yaml, and how often each pipeline should succeed and what it may
cost. Takes (list $ alertLabels). */}}
{{- define "argosy.alertGroups" -}}
{{- $root := index . 0 -}}
{{- $labels := index . 1 -}}
{{- $groups := list -}}
{{- with $root.Files.Get "files/alerts.yaml" -}}
{{- $file := fromYaml . -}}
{{- if hasKey $file "Error" }}{{ fail (printf "files/alerts.yaml: %s" $file.Error) }}{{ end -}}
{{- range $group := $file.groups -}}
{{- range $rule := $group.rules -}}
{{- if $rule.alert }}{{ $_ := set $rule "labels" (mergeOverwrite (default dict $rule.labels) (deepCopy $labels)) }}{{ end -}}
{{- if and $rule.alert $root.Values.monitoring.prometheusRule.runbookBaseUrl -}}
{{- $_ := set $rule.annotations "runbook_url" (print $root.Values.monitoring.prometheusRule.runbookBaseUrl (base $rule.annotations.runbook_url)) -}}
{{- end -}}
{{- end -}}
{{- $groups = append $groups $group -}}
{{- end -}}
{{- end -}}
{{- $periods := list -}}
{{- range $name := include "argosy.pipelineNames" $root | fromJsonArray -}}
{{- $pipeline := index $root.Values.pipelines $name -}}
{{- $labels := dict "pipeline" $name -}}
{{- if $pipeline.periodSeconds -}}
{{- $periods = append $periods (dict "record" "argosy_pipeline_period_seconds" "expr" (printf "vector(%d)" (int64 $pipeline.periodSeconds)) "labels" $labels) -}}
{{- end -}}
{{- if $pipeline.budgetUsdPerDay -}}
{{- $periods = append $periods (dict "record" "argosy_pipeline_budget_usd_per_day" "expr" (printf "vector(%v)" $pipeline.budgetUsdPerDay) "labels" $labels) -}}
{{- end -}}
{{- end -}}
{{- if $periods }}{{ $groups = append $groups (dict "name" "argosy-periods" "rules" $periods) }}{{ end -}}
groups:
  {{- toYaml $groups | nindent 2 }}
{{- end -}}

{{/* Whether the operator's kinds are there. */}}
{{- define "argosy.hasOperator" -}}
{{- if .Capabilities.APIVersions.Has "monitoring.coreos.com/v1" }}true{{ end -}}
{{- end -}}
