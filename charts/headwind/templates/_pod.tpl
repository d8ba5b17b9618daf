{{- define "headwind.podSpec" -}}
serviceAccountName: {{ include "headwind.serviceAccountName" . }}
automountServiceAccountToken: {{ .Values.serviceAccount.automount }}
# Service links would set HEADWIND_WEBHOOK_PORT and its like to tcp://… addresses.
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
# On SIGTERM, what was accepted is finished first.
terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.podSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.initContainers }}
initContainers:
  {{- toYaml . | nindent 2 }}
{{- end }}
containers:
  {{- include "headwind.container" . | nindent 2 }}
  {{- if .Values.telegraf.enabled }}
  {{- include "headwind.telegrafContainer" . | nindent 2 }}
  {{- end }}
  {{- with .Values.sidecars }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
volumes:
  {{- include "headwind.volumes" . | nindent 2 }}
{{- include "headwind.placement" . }}
{{- end }}

{{- define "headwind.container" -}}
- name: headwind
  image: {{ include "headwind.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  envFrom:
    - configMapRef:
        name: headwind-config
        optional: true
    {{- with .Values.extraEnvFrom }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  env:
    - name: HEADWIND_NAMESPACE
      valueFrom:
        fieldRef:
          fieldPath: metadata.namespace
    {{- include "headwind.secretEnv" . | nindent 4 }}
    {{- if not .Values.configMap.create }}
    {{- range $name, $value := include "headwind.environment" . | fromYaml }}
    - name: {{ $name }}
      value: {{ $value | quote }}
    {{- end }}
    {{- end }}
    {{- with .Values.extraEnv }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  ports:
    - name: webhook
      containerPort: 8080
      protocol: TCP
    - name: api
      containerPort: 8081
      protocol: TCP
    - name: ui
      containerPort: 8082
      protocol: TCP
    - name: metrics
      containerPort: 9090
      protocol: TCP
  {{- range $probe := list "startupProbe" "livenessProbe" "readinessProbe" }}
  {{- with index $.Values $probe }}
  {{ $probe }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
  {{- with .Values.resources }}
  resources:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  volumeMounts:
    - name: webhook-secrets
      mountPath: /etc/headwind/webhooks
      readOnly: true
    {{- if .Values.registries }}
    - name: registries
      mountPath: /etc/headwind/registries
      readOnly: true
    {{- end }}
    {{- if include "headwind.notificationsSecret" . }}
    - name: notifications
      mountPath: /etc/headwind/notifications
      readOnly: true
    {{- end }}
    {{- with .Values.extraVolumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.securityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* Variables whose values stand in Secrets. Addresses that stand in headwind-secrets are live settings and need none. */}}
{{- define "headwind.secretEnv" -}}
{{- $session := .Values.session }}
{{- $optional := not (or $session.create $session.existingSecret) }}
{{- include "headwind.fromSecret" (dict "name" "HEADWIND_SESSION_KEY" "secret" (default "headwind-session" $session.existingSecret) "key" $session.key "optional" $optional) }}
{{- with .Values.notifications }}
{{- if .existingSecret }}
{{- if .slack.enabled }}
{{ include "headwind.fromSecret" (dict "name" "SLACK_WEBHOOK_URL" "secret" .existingSecret "key" "slack-webhook-url") }}
{{ include "headwind.fromSecret" (dict "name" "HEADWIND_SLACK_SIGNING_SECRET" "secret" .existingSecret "key" "slack-signing-secret" "optional" true) }}
{{- end }}
{{- if .teams.enabled }}
{{ include "headwind.fromSecret" (dict "name" "TEAMS_WEBHOOK_URL" "secret" .existingSecret "key" "teams-webhook-url") }}
{{- end }}
{{- if .webhook.enabled }}
{{ include "headwind.fromSecret" (dict "name" "WEBHOOK_URL" "secret" .existingSecret "key" "webhook-url") }}
{{ include "headwind.fromSecret" (dict "name" "WEBHOOK_SECRET" "secret" .existingSecret "key" "webhook-secret" "optional" true) }}
{{- end }}
{{- else if .slack.signingSecret }}
{{ include "headwind.fromSecret" (dict "name" "HEADWIND_SLACK_SIGNING_SECRET" "secret" "headwind-secrets" "key" "slack-signing-secret") }}
{{- end }}
{{- end }}
{{- with .Values.observability.influxdb }}
{{- if and .enabled .existingSecret }}
{{ include "headwind.fromSecret" (dict "name" "HEADWIND_INFLUXDB_TOKEN" "secret" .existingSecret "key" .tokenKey) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "headwind.volumes" -}}
# A change reaches the program without a restart.
- name: webhook-secrets
  secret:
    secretName: {{ default "headwind-webhook-secrets" .Values.webhooks.existingSecret }}
    {{- if not (or .Values.webhooks.secrets .Values.webhooks.existingSecret) }}
    optional: true
    {{- end }}
{{- if .Values.registries }}
- name: registries
  configMap:
    name: headwind-registries
{{- end }}
{{- with include "headwind.notificationsSecret" . }}
- name: notifications
  secret:
    secretName: {{ . }}
{{- end }}
{{- if .Values.telegraf.enabled }}
- name: telegraf
  configMap:
    name: {{ include "headwind.fullname" . }}-telegraf
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "headwind.placement" -}}
{{- range $key := list "nodeSelector" "tolerations" "affinity" }}
{{- with index $.Values $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- if .Values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- toYaml .Values.topologySpreadConstraints | nindent 2 }}
{{- else if and (gt (int .Values.replicaCount) 1) (not .Values.affinity) }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "headwind.selectorLabels" . | nindent 8 }}
{{- end }}
{{- end }}
