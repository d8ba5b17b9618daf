{{/* What Headwind may do in the namespaces that it watches, and nothing it does not do. */}}
{{- define "headwind.workloadRules" -}}
# Follow the workloads; move one image and Headwind's own annotations.
- apiGroups: [apps]
  resources: [deployments, statefulsets, daemonsets]
  verbs: [get, list, watch, patch]
# Follow Flux's releases; set the version of a chart, and Headwind's own annotations.
- apiGroups: [helm.toolkit.fluxcd.io]
  resources: [helmreleases]
  verbs: [get, list, watch, patch]
# Know where charts come from; set the tag of an OCIRepository that a release names by spec.chartRef.
- apiGroups: [source.toolkit.fluxcd.io]
  resources: [helmrepositories]
  verbs: [list, watch]
- apiGroups: [source.toolkit.fluxcd.io]
  resources: [ocirepositories]
  verbs: [get, list, watch, patch]
# Propose updates, carry them through their phases, prune finished ones; patch notes that somebody has lifted a hold.
- apiGroups: [headwind.sh]
  resources: [updaterequests]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [headwind.sh]
  resources: [updaterequests/status]
  verbs: [patch]
# Say what happened where `kubectl describe` shows it; patch counts repetitions.
- apiGroups: [""]
  resources: [events]
  verbs: [create, patch]
# Ask a private registry with the workload's own pull secrets: by name, never by list.
- apiGroups: [""]
  resources: [secrets, serviceaccounts]
  verbs: [get]
# Know which digest runs; where headwind.sh/auto-rollback is "true", follow the pods of an update that was just applied,
# and know which of them are new.
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
- apiGroups: [apps]
  resources: [replicasets, controllerrevisions]
  verbs: [list]
{{- if .Values.rbac.deletePods }}
# A StatefulSet does not move on while a pod of a version that is taken back, or that the next one replaces before it
# was ever healthy, is not ready: exactly those are deleted. Without this Headwind says which a person has to delete.
- apiGroups: [""]
  resources: [pods]
  verbs: [delete]
{{- end }}
{{- with .Values.rbac.extraRules }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* What has no namespace. */}}
{{- define "headwind.clusterRules" -}}
# Know on which platforms pods can run.
- apiGroups: [""]
  resources: [nodes]
  verbs: [list]
# Find out whom a token speaks for, and what they may do; asked only in the modes that need it.
- apiGroups: [authentication.k8s.io]
  resources: [tokenreviews]
  verbs: [create]
- apiGroups: [authorization.k8s.io]
  resources: [subjectaccessreviews]
  verbs: [create]
{{- end }}

{{/* A role and its binding to Headwind: dict "root" "kind" "name" "namespace" "rules". */}}
{{- define "headwind.grant" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "headwind.labels" .root | nindent 4 }}
rules:
  {{- .rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}Binding
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "headwind.labels" .root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ .kind }}
  name: {{ .name }}
subjects:
  - kind: ServiceAccount
    name: {{ include "headwind.serviceAccountName" .root }}
    namespace: {{ .root.Release.Namespace }}
{{- end }}
