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
  replicas: {{ .plane.replicas }}
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
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "headgate.selector" .root | nindent 8 }}
        app.kubernetes.io/component: {{ .role }}
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
volumes:
  - name: tmp
    emptyDir: {}
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
{{- $secrets := list "DATABASE_URL" "DATABASE_DIRECT_URL" "REDIS_URL" "HEADGATE_MASTER_KEY" "HEADGATE_MASTER_KEY_COMMAND" "HEADGATE_ADMIN_TOKEN" "HEADGATE_SMTP_URL" "HEADGATE_METRICS_TOKEN" "OTEL_EXPORTER_OTLP_HEADERS" }}
{{- range $name := $secrets }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef: { name: {{ $.root.Values.secretName }}, key: {{ $name }}, optional: {{ not (has $name (list "DATABASE_URL" "REDIS_URL")) }} }
{{- end }}
{{- range $name, $value := .root.Values.settings }}
{{- if has $name $secrets }}{{ fail (printf "settings.%s: this is a secret; put it into the secret %s" $name $.root.Values.secretName) }}{{ end }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
