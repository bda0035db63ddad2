{{- define "headgate.name" -}}
{{- if contains "headgate" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-headgate" .Release.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "headgate.selector" -}}
app.kubernetes.io/name: headgate
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "headgate.labels" -}}
{{ include "headgate.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* One plane: a StatefulSet, because each pod's journal must outlive it. Given (dict "root" $ "role" "data" "plane" .Values.data). */}}
{{- define "headgate.plane" -}}
{{- $name := printf "%s-%s" (include "headgate.name" .root) .role -}}
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ $name }}
  labels:
    {{- include "headgate.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .role }}
spec:
  serviceName: {{ $name }}-pods
  {{- if not .scaled }}
  replicas: {{ .plane.replicas | int }}
  {{- end }}
  # Pods do not wait for each other: none needs another to start or to stop.
  podManagementPolicy: Parallel
  updateStrategy: { type: RollingUpdate }
  # What a scaled-down pod left in its journal is stored when it comes back.
  persistentVolumeClaimRetentionPolicy: { whenScaled: Retain, whenDeleted: Retain }
  selector:
    matchLabels:
      {{- include "headgate.selector" .root | nindent 6 }}
      app.kubernetes.io/component: {{ .role }}
  template:
    metadata:
      labels:
        {{- include "headgate.labels" .root | nindent 8 }}
        app.kubernetes.io/component: {{ .role }}
      {{- with .root.Values.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      {{- include "headgate.pod" . | nindent 6 }}
  volumeClaimTemplates:
    - metadata: { name: data }
      spec:
        accessModes: [ReadWriteOnce]
        {{- with .plane.journal.storageClass }}
        storageClassName: {{ . }}
        {{- end }}
        resources:
          requests: { storage: {{ .plane.journal.size }} }
{{- end }}

{{- define "headgate.pod" -}}
serviceAccountName: {{ include "headgate.name" .root }}
automountServiceAccountToken: false
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
# Longer than streams may take to finish, for what is then settled and stored.
terminationGracePeriodSeconds: {{ add .root.Values.drainSeconds .root.Values.drainLeadSeconds 30 }}
topologySpreadConstraints:
  {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "headgate.selector" $.root | nindent 8 }}
        app.kubernetes.io/component: {{ $.role }}
  {{- end }}
{{- with .root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
containers:
  - name: headgate
    image: {{ printf "%s:%s" .root.Values.image.repository (.root.Values.image.tag | default .root.Chart.AppVersion) | quote }}
    imagePullPolicy: {{ .root.Values.image.pullPolicy }}
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities: { drop: [ALL] }
    ports:
      - { name: http, containerPort: 4000 }
    env:
      {{- include "headgate.env" . | nindent 6 }}
    # The first start brings the database to its version, which may take minutes on a large one.
    startupProbe:
      httpGet: { path: /health/live, port: http }
      periodSeconds: 5
      failureThreshold: 180
    livenessProbe:
      httpGet: { path: /health/live, port: http }
      periodSeconds: 10
      timeoutSeconds: 5
      failureThreshold: 6
    readinessProbe:
      httpGet: { path: /health/ready, port: http }
      periodSeconds: 2
      timeoutSeconds: 2
      failureThreshold: 2
    resources:
      {{- toYaml .plane.resources | nindent 6 }}
    volumeMounts:
      - { name: data, mountPath: /data }
      - { name: tmp, mountPath: /tmp }
      {{- with .root.Values.extraVolumeMounts }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
volumes:
  - name: tmp
    emptyDir: {}
  {{- with .root.Values.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* A value as the text of a setting. Helm reads numbers as floats, which it would write as 1e+08, and on and off as true and false. */}}
{{- define "headgate.text" -}}
{{- if kindIs "bool" . }}{{ ternary "on" "off" . }}
{{- else if and (kindIs "float64" .) (eq (floor .) .) }}{{ printf "%.0f" . }}
{{- else }}{{ . }}
{{- end }}
{{- end }}

{{/* MiB of a quantity of memory: 1Gi, 512Mi, 1500M, or bytes. */}}
{{- define "headgate.mebibytes" -}}
{{- $text := include "headgate.text" . -}}
{{- $number := regexFind "^[0-9]+([.][0-9]+)?" $text -}}
{{- $unit := trimPrefix $number $text -}}
{{- $bytes := get (dict "" 1 "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776) $unit -}}
{{- if or (not $number) (not $bytes) }}{{ fail (printf "resources.limits.memory: %q is no amount of memory such as 1Gi" $text) }}{{ end -}}
{{- divf (mulf $number $bytes) 1048576 | floor | int64 -}}
{{- end }}

{{/*
MiB of heap for each process: 60 % of the container's memory, less 96 MiB for the process that starts workers, divided among the workers. What is
left is for bodies (a quarter of the heap), the young generation and the program. Empty where the container has no limit.
*/}}
{{- define "headgate.heap" -}}
{{- $memory := dig "limits" "memory" "" (.plane.resources | default dict) -}}
{{- if $memory }}
{{- $workers := .plane.workers | default 1 | int -}}
{{- $shared := ternary 96 0 (gt $workers 1) -}}
{{- $heap := div (mul (sub (include "headgate.mebibytes" $memory | int) $shared) 60) (mul $workers 100) -}}
{{- if lt ($heap | int) 192 }}{{ fail (printf "%s.resources.limits.memory: %v is too little for %d workers; each needs 192 MiB of heap, which is 60 %% of its share" .role $memory $workers) }}{{ end -}}
{{- $heap -}}
{{- end }}
{{- end }}

{{/* How many data pods the connections of PostgreSQL are enough for. Empty where databaseConnections is 0. */}}
{{- define "headgate.dataPodsMax" -}}
{{- if .Values.databaseConnections }}
{{- $pool := get .Values.settings "HEADGATE_DATABASE_CONNECTIONS" | default 10 | int -}}
{{- $admin := mul .Values.admin.replicas (.Values.admin.workers | default 1) (add $pool 5) -}}
{{- $each := mul (.Values.data.workers | default 1) (add $pool 1) -}}
{{- $pods := div (sub (.Values.databaseConnections | int) $admin) $each -}}
{{- $least := ternary .Values.data.autoscaling.minReplicas .Values.data.replicas .Values.data.autoscaling.enabled | int -}}
{{- if lt ($pods | int) $least }}{{ fail (printf "databaseConnections: %v are enough for %d data pods of %d connections beside %d of the admin plane, and %d are asked for" .Values.databaseConnections (max $pods 0) $each $admin $least) }}{{ end -}}
{{- $pods -}}
{{- end }}
{{- end }}

{{- define "headgate.env" -}}
- name: HEADGATE_ROLE
  value: {{ .role }}
{{- with .plane.workers }}
- name: HEADGATE_WORKERS
  value: {{ . | quote }}
{{- end }}
- name: HEADGATE_DRAIN_SECONDS
  value: {{ .root.Values.drainSeconds | quote }}
- name: HEADGATE_DRAIN_LEAD_SECONDS
  value: {{ .root.Values.drainLeadSeconds | quote }}
{{- with .root.Values.publicUrl }}
- name: HEADGATE_PUBLIC_URL
  value: {{ . | quote }}
{{- end }}
{{- with .root.Values.trustedProxies }}
- name: HEADGATE_TRUSTED_PROXIES
  value: {{ join "," . | quote }}
{{- end }}
{{- $heap := include "headgate.heap" . }}
{{- if and $heap (not (hasKey .root.Values.settings "NODE_OPTIONS")) }}
- name: NODE_OPTIONS
  value: --max-old-space-size={{ $heap }}
{{- end }}
{{- $secrets := list "DATABASE_URL" "DATABASE_DIRECT_URL" "REDIS_URL" "HEADGATE_MASTER_KEY" "HEADGATE_MASTER_KEY_COMMAND" "HEADGATE_ADMIN_TOKEN" "HEADGATE_SMTP_URL" "HEADGATE_METRICS_TOKEN" "OTEL_EXPORTER_OTLP_HEADERS" }}
{{- range $name := $secrets }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef: { name: {{ $.root.Values.secretName }}, key: {{ $name }}, optional: {{ not (has $name (list "DATABASE_URL" "REDIS_URL")) }} }
{{- end }}
{{- /* Each name once: what the chart sets by a value of its own is refused among the settings. */}}
{{- $own := dict "HEADGATE_ROLE" "the plane" "HEADGATE_HOST" "the image" "HEADGATE_PORT" "the image" "PORT" "the image" "HEADGATE_DATA_DIR" "the image" "HEADGATE_WORKERS" "data.workers" "HEADGATE_DRAIN_SECONDS" "drainSeconds" "HEADGATE_DRAIN_LEAD_SECONDS" "drainLeadSeconds" "HEADGATE_PUBLIC_URL" "publicUrl" "HEADGATE_TRUSTED_PROXIES" "trustedProxies" }}
{{- range $name, $value := .root.Values.settings }}
{{- if has $name $secrets }}{{ fail (printf "settings.%s: this is a secret; put it into the secret %s" $name $.root.Values.secretName) }}{{ end }}
{{- with get $own $name }}{{ fail (printf "settings.%s: it is set by %s" $name .) }}{{ end }}
- name: {{ $name }}
  value: {{ include "headgate.text" $value | quote }}
{{- end }}
{{- end }}
