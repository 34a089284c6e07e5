{{/* Pieces of network policies. */}}

{{/* Addresses that are no public ones. */}}
{{- define "argosy.privateCidrs" -}}
["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"]
{{- end -}}

{{/* Takes a list of ports. */}}
{{- define "argosy.tcpPorts" -}}
{{- range . }}
- protocol: TCP
  port: {{ int . }}
{{- end }}
{{- end -}}

{{/* Where to: the addresses, or the pods, that were named; with neither, every public address. Takes a dict with cidrs
and if there are any namespaceSelector, podSelector. */}}
{{- define "argosy.peers" -}}
{{- $pods := dict -}}
{{- with .namespaceSelector }}{{ $_ := set $pods "namespaceSelector" (dict "matchLabels" .) }}{{ end -}}
{{- with .podSelector }}{{ $_ := set $pods "podSelector" (dict "matchLabels" .) }}{{ end -}}
{{- range .cidrs }}
- ipBlock:
    cidr: {{ . }}
{{- end }}
{{- if .anyPodHere }}
- podSelector: {}
{{- else if $pods }}
- {{ toYaml $pods | nindent 2 | trim }}
{{- else if not .cidrs }}
- ipBlock:
    cidr: 0.0.0.0/0
    except: {{ include "argosy.privateCidrs" . }}
{{- end }}
{{- end -}}

{{/*
The policy's values with what its address tells: NAME.NAMESPACE.svc is in that namespace, a bare name in this one, an IP
address is itself; the port is the address'. What the values name stands. Takes (list policy address).
*/}}
{{- define "argosy.policyOf" -}}
{{- $policy := deepCopy (index . 0) -}}
{{- $address := index . 1 -}}
{{- if not $policy.ports }}{{ $_ := set $policy "ports" (list (ternary "443" (include "argosy.portOf" $address) (empty $address))) }}{{ end -}}
{{- if and $address (not (or $policy.cidrs $policy.namespaceSelector $policy.podSelector)) -}}
{{- $host := regexReplaceAll ":[0-9]+$" (urlParse $address).host "" -}}
{{- $parts := splitList "." $host -}}
{{- if regexMatch "^[0-9.]+$" $host -}}
{{- $_ := set $policy "cidrs" (list (printf "%s/32" $host)) -}}
{{- else if and (gt (len $parts) 2) (eq (index $parts 2) "svc") -}}
{{- $_ := set $policy "namespaceSelector" (dict "kubernetes.io/metadata.name" (index $parts 1)) -}}
{{- else if eq (len $parts) 1 -}}
{{- $_ := set $policy "anyPodHere" true -}}
{{- end -}}
{{- end -}}
{{- toYaml $policy -}}
{{- end -}}

{{/* A policy for pods of this release. Takes a dict: root, name, egress (rules as text), and labels or expressions that
select among them. */}}
{{- define "argosy.egressPolicy" -}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "argosy.metadata" (dict "root" .root "name" (printf "%s-%s" (include "argosy.fullname" .root) .name) "component" "network") | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: {{ include "argosy.name" .root }}
      app.kubernetes.io/instance: {{ .root.Release.Name }}
      {{- with .labels }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    {{- with .expressions }}
    matchExpressions:
      {{- toYaml . | nindent 6 }}
    {{- end }}
  policyTypes: [Egress]
  egress:
    {{- .egress | nindent 4 }}
{{ end -}}

{{- define "argosy.egressRule" -}}
- to:
    {{- include "argosy.peers" . | trim | nindent 4 }}
  ports:
    {{- include "argosy.tcpPorts" .ports | trim | nindent 4 }}
{{- end -}}
