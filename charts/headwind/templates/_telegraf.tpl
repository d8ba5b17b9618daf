{{- define "headwind.telegrafConfig" -}}
{{- if .Values.telegraf.config }}
{{- .Values.telegraf.config }}
{{- else }}
{{- $influx := .Values.observability.influxdb -}}
[agent]
  interval = {{ .Values.telegraf.interval | quote }}
  flush_interval = {{ .Values.telegraf.interval | quote }}
  omit_hostname = true

[[inputs.prometheus]]
  urls = ["http://127.0.0.1:9090/metrics"]
  metric_version = 2

[[outputs.influxdb_v2]]
  urls = [{{ $influx.url | quote }}]
  token = "$INFLUX_TOKEN"
  organization = {{ $influx.organization | quote }}
  bucket = {{ $influx.bucket | quote }}
{{- end }}
{{- end }}

{{/* Where Telegraf's token is: its own Secret, else that of InfluxDB, else headwind-secrets. */}}
{{- define "headwind.telegrafContainer" -}}
{{- $influx := .Values.observability.influxdb }}
{{- $secret := "headwind-secrets" }}
{{- $key := "influxdb-token" }}
{{- if .Values.telegraf.existingSecret }}
{{- $secret = .Values.telegraf.existingSecret }}
{{- $key = .Values.telegraf.tokenKey }}
{{- else if $influx.existingSecret }}
{{- $secret = $influx.existingSecret }}
{{- $key = $influx.tokenKey }}
{{- end -}}
- name: telegraf
  image: {{ printf "%s:%s" .Values.telegraf.image.repository .Values.telegraf.image.tag }}
  imagePullPolicy: {{ .Values.telegraf.image.pullPolicy }}
  command: [telegraf, --config, /etc/telegraf/telegraf.conf]
  env:
    {{- include "headwind.fromSecret" (dict "name" "INFLUX_TOKEN" "secret" $secret "key" $key "optional" (ne .Values.telegraf.config "")) | nindent 4 }}
  {{- with .Values.telegraf.resources }}
  resources:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.securityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  volumeMounts:
    - name: telegraf
      mountPath: /etc/telegraf
      readOnly: true
{{- end }}
