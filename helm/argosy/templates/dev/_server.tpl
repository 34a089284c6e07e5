{{/* A small server: a Deployment of one pod, and its Service. Takes a dict: root, name, values (of dev.NAME), ports
(name → number), mounts (path → name of a volume), and if wanted command, args, env, volumes, user, health (path on the port
http), claim (name of the volume that may be a claim), checksum. */}}
{{- define "argosy.devServer" -}}
{{- $root := .root -}}
{{- $fullname := printf "%s-%s" (include "argosy.fullname" $root) .name -}}
{{- $user := default 65532 .user -}}
{{- $claim := and .claim .values.storage -}}
{{- if $claim }}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  {{- include "argosy.metadata" (dict "root" $root "name" $fullname "component" .name) | nindent 2 }}
spec:
  accessModes: [ReadWriteOnce]
  resources:
    requests:
      storage: {{ .values.storage }}
{{- end }}
---
apiVersion: v1
kind: Service
metadata:
  {{- include "argosy.metadata" (dict "root" $root "name" $fullname "component" .name) | nindent 2 }}
spec:
  selector:
    {{- include "argosy.selectorLabels" (list $root .name) | nindent 4 }}
  ports:
    {{- range $port, $number := .ports }}
    - {name: {{ $port }}, port: {{ $number }}, targetPort: {{ $port }}}
    {{- end }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "argosy.metadata" (dict "root" $root "name" $fullname "component" .name) | nindent 2 }}
spec:
  replicas: 1
  strategy:
    type: Recreate
  selector:
    matchLabels:
      {{- include "argosy.selectorLabels" (list $root .name) | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "argosy.labels" (list $root .name) | nindent 8 }}
      {{- with .checksum }}
      annotations:
        checksum/config: {{ . }}
      {{- end }}
    spec:
      automountServiceAccountToken: false
      enableServiceLinks: false
      securityContext:
        {{- mergeOverwrite (include "argosy.podSecurity" $root | fromYaml) (dict "runAsUser" $user "runAsGroup" $user "fsGroup" $user) | toYaml | nindent 8 }}
      {{- with $root.Values.imagePullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: {{ .name }}
          image: {{ .values.image }}
          {{- if eq .name "sample" }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          {{- end }}
          {{- with .command }}
          command: {{ toJson . }}
          {{- end }}
          {{- with .args }}
          args: {{ toJson . }}
          {{- end }}
          {{- with .env }}
          env:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          ports:
            {{- range $port, $number := .ports }}
            - {name: {{ $port }}, containerPort: {{ $number }}}
            {{- end }}
          readinessProbe:
            {{- if .health }}
            httpGet: {path: {{ .health }}, port: http}
            {{- else }}
            tcpSocket: {port: {{ keys .ports | first }}}
            {{- end }}
            periodSeconds: 3
            failureThreshold: 40
          resources:
            {{- toYaml .values.resources | nindent 12 }}
          securityContext:
            {{- include "argosy.containerSecurity" $root | nindent 12 }}
          volumeMounts:
            {{- range $path, $volume := .mounts }}
            - {name: {{ $volume }}, mountPath: {{ $path }}}
            {{- end }}
      volumes:
        {{- $named := dict }}
        {{- range .volumes }}{{ $_ := set $named .name true }}
        - {{ toYaml . | nindent 10 | trim }}
        {{- end }}
        {{- $server := . }}
        {{- range $volume := values .mounts | uniq | sortAlpha }}
        {{- if and $claim (eq $volume $server.claim) }}
        - name: {{ $volume }}
          persistentVolumeClaim:
            claimName: {{ $fullname }}
        {{- else if not (hasKey $named $volume) }}
        - name: {{ $volume }}
          emptyDir: {}
        {{- end }}
        {{- end }}
{{- end -}}

{{/* A variable from the Secret of the small servers. Takes (list $ NAME key). */}}
{{- define "argosy.devVariable" -}}
name: {{ index . 1 }}
valueFrom:
  secretKeyRef:
    name: {{ include "argosy.devSecretName" (index . 0) }}
    key: {{ index . 2 }}
{{- end -}}
