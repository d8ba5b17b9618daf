{{/* Values that are right each by itself and wrong together. Each message says what would be right. */}}
{{- define "headwind.validate" -}}
{{- range $key, $_ := .Values.configMap.data }}
{{- if regexMatch "^[A-Z][A-Z0-9_]*$" $key }}
{{- fail (printf "configMap.data.%s: environment variables belong into env" $key) }}
{{- end }}
{{- end }}
{{- range $key, $_ := .Values.env }}
{{- if has $key (list "HEADWIND_WEBHOOK_PORT" "HEADWIND_API_PORT" "HEADWIND_UI_PORT" "HEADWIND_METRICS_PORT" "HEADWIND_NAMESPACE") }}
{{- fail (printf "env.%s: the chart sets this itself; see service and the release's namespace" $key) }}
{{- end }}
{{- if eq $key "HEADWIND_NAMESPACES" }}{{ fail "env.HEADWIND_NAMESPACES: set namespaces, so that the roles are where they are needed" }}{{ end }}
{{- end }}
{{- if not .Values.configMap.create }}
{{- with include "headwind.live" . | fromYaml }}
{{- fail (printf "configMap.create is false: put %s into your own ConfigMap headwind-config" (keys . | sortAlpha | join ", ")) }}
{{- end }}
{{- end }}
{{- if not .Values.secret.create }}
{{- with include "headwind.secrets" . | fromYaml }}
{{- fail (printf "secret.create is false: put %s into your own Secret headwind-secrets" (keys . | sortAlpha | join ", ")) }}
{{- end }}
{{- if .Values.secret.data }}{{ fail "secret.data needs secret.create" }}{{ end }}
{{- end }}
{{- include "headwind.validateSecrets" . }}
{{- include "headwind.validateRights" . }}
{{- end }}

{{- define "headwind.validateSecrets" -}}
{{- with .Values.notifications }}
{{- if and .existingSecret (or .slack.webhookUrl .slack.signingSecret .teams.webhookUrl .webhook.url .webhook.secret) }}
{{- fail "notifications.existingSecret: the addresses and secrets come from there; leave webhookUrl, url, secret and signingSecret empty" }}
{{- end }}
{{- if and .config .existingConfigSecret }}{{ fail "notifications: either config or existingConfigSecret" }}{{ end }}
{{- end }}
{{- if and .Values.webhooks.secrets .Values.webhooks.existingSecret }}{{ fail "webhooks: either secrets or existingSecret" }}{{ end }}
{{- if and .Values.session.create .Values.session.existingSecret }}{{ fail "session: either create or existingSecret" }}{{ end }}
{{- with .Values.observability.influxdb }}
{{- if and .token .existingSecret }}{{ fail "observability.influxdb: either token or existingSecret" }}{{ end }}
{{- end }}
{{- if and .Values.telegraf.enabled (not .Values.telegraf.config) (not .Values.observability.influxdb.url) }}
{{- fail "telegraf.enabled: say where it shall write to, in observability.influxdb.url or telegraf.config" }}
{{- end }}
{{- end }}

{{- define "headwind.validateRights" -}}
{{- $asks := or (eq (toString .Values.env.HEADWIND_API_AUTH_MODE) "token") (eq (toString .Values.env.HEADWIND_UI_AUTH_MODE) "token") .Values.env.HEADWIND_UI_PROXY_GROUPS_HEADER }}
{{- if and .Values.rbac.create .Values.rbac.namespaced (not .Values.rbac.clusterRole) $asks }}
{{- fail "rbac.clusterRole is false: without it nobody can be asked who people are, so env.HEADWIND_API_AUTH_MODE and env.HEADWIND_UI_AUTH_MODE cannot be token" }}
{{- end }}
{{- if and .Values.podDisruptionBudget.enabled .Values.podDisruptionBudget.unhealthyPodEvictionPolicy (semverCompare "<1.26-0" .Capabilities.KubeVersion.Version) }}
{{- fail "podDisruptionBudget.unhealthyPodEvictionPolicy: Kubernetes has this from 1.26 on" }}
{{- end }}
{{- if and .Values.admissionPolicy.enabled (semverCompare "<1.30-0" .Capabilities.KubeVersion.Version) }}
{{- fail (printf "admissionPolicy.enabled: Kubernetes has ValidatingAdmissionPolicies from 1.30 on, this is %s (helm template: --kube-version)" .Capabilities.KubeVersion.Version) }}
{{- end }}
{{- end }}
