{{- define "modelservice-operator.name" -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "modelservice-operator.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (include "modelservice-operator.name" .) -}}
{{- end -}}

{{- define "modelservice-operator.selector" -}}
app.kubernetes.io/name: modelservice-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "modelservice-operator.labels" -}}
{{ include "modelservice-operator.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{- define "modelservice-operator.subjects" -}}
- kind: ServiceAccount
  name: {{ include "modelservice-operator.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end -}}
