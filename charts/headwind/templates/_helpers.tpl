{{- define "headwind.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* What names are made of: 44 characters at most, so that the longest of them stays below 63. */}}
{{- define "headwind.fullname" -}}
{{- $name := include "headwind.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 44 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 44 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 44 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/*
The pods are found by this alone, as in deploy/k8s: the names of ConfigMap and Secret let a namespace hold one Headwind only.
*/}}
{{- define "headwind.selectorLabels" -}}
app.kubernetes.io/name: {{ include "headwind.name" . }}
{{- end }}

{{/* The labels of every object. Whoever has more adds them in `commonLabels`. */}}
{{- define "headwind.labels" -}}
{{- $own := dict
  "app.kubernetes.io/name" (include "headwind.name" .)
  "app.kubernetes.io/instance" .Release.Name
  "app.kubernetes.io/version" (.Chart.AppVersion | replace "+" "_")
  "app.kubernetes.io/managed-by" .Release.Service
  "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
-}}
{{- mergeOverwrite (deepCopy .Values.commonLabels) $own | toYaml }}
{{- end }}

{{/* The same with more of one object: dict "root" "more". The chart's own win. */}}
{{- define "headwind.labelsWith" -}}
{{- mergeOverwrite (deepCopy .more) (include "headwind.labels" .root | fromYaml) | toYaml }}
{{- end }}

{{- define "headwind.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "headwind.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "headwind.image" -}}
{{- $tag := default .Chart.AppVersion .Values.image.tag }}
{{- printf "%s:%s" .Values.image.repository $tag }}
{{- with .Values.image.digest }}@{{ . }}{{ end }}
{{- end }}

{{/* A value as text. Numbers of a values file arrive as floating-point ones, which would else be written as 1e+06. */}}
{{- define "headwind.text" -}}
{{- if and (kindIs "float64" .) (eq (float64 (int64 .)) .) }}{{ int64 . }}{{ else }}{{ toString . }}{{ end }}
{{- end }}

{{/* The namespaces that are watched, as JSON: {"names": […]}. None means all. */}}
{{- define "headwind.watched" -}}
{{- $names := .Values.namespaces | uniq }}
{{- if and .Values.rbac.namespaced (empty $names) }}{{ $names = list .Release.Namespace }}{{ end }}
{{- dict "names" $names | toJson }}
{{- end }}

{{/* The address of the first host of the Ingress whose path "/" leads to this backend (`.backend`), or nothing. */}}
{{- define "headwind.url" -}}
{{- $url := "" }}
{{- if .root.Values.ingress.enabled }}
{{- $secured := list }}
{{- range .root.Values.ingress.tls }}{{ $secured = concat $secured (default list .hosts) }}{{ end }}
{{- range $host := .root.Values.ingress.hosts }}
{{- range $host.paths }}
{{- if and (empty $url) $host.host (eq .path "/") (eq (default "ui" .backend) $.backend) }}
{{- $url = printf "%s://%s" (ternary "https" "http" (has $host.host $secured)) $host.host }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- $url }}
{{- end }}

{{/* All environment variables with fixed values: what follows from other values, then `env`, which wins. As YAML. */}}
{{- define "headwind.environment" -}}
{{- $env := dict }}
{{- with (include "headwind.watched" . | fromJson).names }}{{ $_ := set $env "HEADWIND_NAMESPACES" (join "," .) }}{{ end }}
{{- with include "headwind.url" (dict "root" . "backend" "ui") }}{{ $_ := set $env "HEADWIND_UI_URL" . }}{{ end }}
{{- with include "headwind.url" (dict "root" . "backend" "api") }}{{ $_ := set $env "HEADWIND_API_URL" . }}{{ end }}
{{- if or .Values.webhooks.secrets .Values.webhooks.existingSecret }}
{{- $_ := set $env "HEADWIND_WEBHOOK_SECRETS_FILE" "/etc/headwind/webhooks/secrets.yaml" }}
{{- end }}
{{- if .Values.registries }}
{{- $_ := set $env "HEADWIND_REGISTRY_CONFIG" "/etc/headwind/registries/registries.yaml" }}
{{- end }}
{{- if include "headwind.notificationsSecret" . }}
{{- $_ := set $env "HEADWIND_NOTIFICATIONS_CONFIG" "/etc/headwind/notifications/notifications.yaml" }}
{{- end }}
{{- range $key, $value := .Values.env }}
{{- if not (kindIs "invalid" $value) }}{{ $_ := set $env $key (include "headwind.text" $value) }}{{ end }}
{{- end }}
{{- toYaml $env }}
{{- end }}

{{/* The Secret with further receivers of notifications, or nothing. */}}
{{- define "headwind.notificationsSecret" -}}
{{- if .Values.notifications.config }}headwind-notifications{{ else }}{{ .Values.notifications.existingConfigSecret }}{{ end }}
{{- end }}

{{/* The live settings that follow from other values, then `configMap.data`, which wins. As YAML. */}}
{{- define "headwind.live" -}}
{{- $live := dict }}
{{- with .Values.notifications }}
{{- if .slack.enabled }}
{{- $_ := set $live "slack.enabled" "true" }}
{{- with .slack.channel }}{{ $_ := set $live "slack.channel" . }}{{ end }}
{{- with .slack.username }}{{ $_ := set $live "slack.username" . }}{{ end }}
{{- with .slack.iconEmoji }}{{ $_ := set $live "slack.iconEmoji" . }}{{ end }}
{{- end }}
{{- if .teams.enabled }}{{ $_ := set $live "teams.enabled" "true" }}{{ end }}
{{- if .webhook.enabled }}{{ $_ := set $live "webhook.enabled" "true" }}{{ end }}
{{- end }}
{{- with .Values.observability }}
{{- with .metricsBackend }}{{ $_ := set $live "observability.metricsBackend" . }}{{ end }}
{{- with .prometheus.url }}{{ $_ := set $live "observability.prometheus.url" . }}{{ end }}
{{- with .victoriametrics.url }}{{ $_ := set $live "observability.victoriametrics.url" . }}{{ end }}
{{- if .influxdb.enabled }}
{{- $_ := set $live "observability.influxdb.enabled" "true" }}
{{- with .influxdb.url }}{{ $_ := set $live "observability.influxdb.url" . }}{{ end }}
{{- $_ := set $live "observability.influxdb.org" .influxdb.organization }}
{{- $_ := set $live "observability.influxdb.bucket" .influxdb.bucket }}
{{- end }}
{{- end }}
{{- range $key, $value := .Values.configMap.data }}
{{- if not (kindIs "invalid" $value) }}{{ $_ := set $live $key (include "headwind.text" $value) }}{{ end }}
{{- end }}
{{- toYaml $live }}
{{- end }}

{{/* What of the values goes into the Secret `headwind-secrets`, as YAML. */}}
{{- define "headwind.secrets" -}}
{{- $data := dict }}
{{- with .Values.notifications }}
{{- with .slack.webhookUrl }}{{ $_ := set $data "slack-webhook-url" . }}{{ end }}
{{- with .slack.signingSecret }}{{ $_ := set $data "slack-signing-secret" . }}{{ end }}
{{- with .teams.webhookUrl }}{{ $_ := set $data "teams-webhook-url" . }}{{ end }}
{{- with .webhook.url }}{{ $_ := set $data "webhook-url" . }}{{ end }}
{{- with .webhook.secret }}{{ $_ := set $data "webhook-secret" . }}{{ end }}
{{- end }}
{{- with .Values.observability.influxdb.token }}{{ $_ := set $data "influxdb-token" . }}{{ end }}
{{- toYaml (mergeOverwrite $data (deepCopy .Values.secret.stringData)) }}
{{- end }}

{{/* What is read when the pod starts and is no part of it: where this changes, so has the pod to. */}}
{{- define "headwind.checksum" -}}
{{- list (include "headwind.environment" .) (toJson .Values.registries) .Values.notifications.slack.signingSecret | toJson | sha256sum }}
{{- end }}

{{/* One entry of `env` that is taken from a Secret: dict "name" "secret" "key" "optional". */}}
{{- define "headwind.fromSecret" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .key }}
      {{- if .optional }}
      optional: true
      {{- end }}
{{- end }}
