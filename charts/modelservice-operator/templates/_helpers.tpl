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

{{- /* As the Leases of namespaces name it. */ -}}
{{- define "modelservice-operator.holder" -}}
{{ .Release.Namespace }}/{{ include "modelservice-operator.name" . }}
{{- end -}}

{{- define "modelservice-operator.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{- /* Of every pod and every container of the chart: accepted at the Pod Security level `restricted`. */ -}}
{{- define "modelservice-operator.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "modelservice-operator.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- /* The pod of `helm test`: it has other labels, or the Service and the budget would count it in. */ -}}
{{- define "modelservice-operator.testSelector" -}}
app.kubernetes.io/name: modelservice-operator-test
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- /* Where people read what to do on an alert. The argument: the values of monitoring, and the anchor of the section. */ -}}
{{- define "modelservice-operator.runbook" -}}
{{- with (first .).runbookUrl }}
        runbook_url: {{ printf "%s#%s" . (last $) | quote }}
{{- end }}
{{- end -}}
