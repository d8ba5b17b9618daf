/** The command lines that earlier documents of Headwind promise, as they print them; each works in a shell of its own. */
export const PROMISED: readonly string[] = [
  ['namespace', 'crds/updaterequest', 'rbac', 'deployment', 'service']
    .map((name) => `kubectl apply -f deploy/k8s/${name}.yaml`)
    .join('\n'),
  'kubectl get updaterequests -A',
  'kubectl get updaterequest <name> -n <namespace> -o yaml',
  'kubectl get updaterequests -A --watch',
  'kubectl port-forward -n headwind-system svc/headwind-ui 8082:8082',
  'open http://localhost:8082',
  'curl -H "X-User: alice" http://localhost:8082/',
  'TOKEN=$(kubectl create token my-service-account -n default)\ncurl -H "Authorization: Bearer $TOKEN" http://localhost:8082/',
  'kubectl logs -n headwind-system deployment/headwind | grep headwind::audit',
  'curl http://localhost:8082/api/v1/metrics',
  'curl http://localhost:8082/api/v1/metrics/timeseries/headwind_updates_pending',
  'curl http://headwind-api:8081/api/v1/updates',
  'curl http://headwind-api:8081/api/v1/updates/{namespace}/{name}',
  `curl -X POST http://headwind-api:8081/api/v1/updates/{namespace}/{name}/approve \\
  -H "Content-Type: application/json" \\
  -d '{"approver":"user@example.com"}'`,
  `curl -X POST http://headwind-api:8081/api/v1/updates/{namespace}/{name}/reject \\
  -H "Content-Type: application/json" \\
  -d '{"approver":"user@example.com","reason":"Not ready for production"}'`,
  `curl -X POST http://localhost:8081/api/v1/updates/default/nginx-update-1-26-0/approve \\
  -H "Content-Type: application/json" \\
  -d '{"approver":"admin@example.com"}'`,
  'sudo cp bin/kubectl-headwind /usr/local/bin/\nsudo chmod +x /usr/local/bin/kubectl-headwind',
  'kubectl headwind rollback nginx-deployment -n production',
  'kubectl headwind history nginx-deployment -n production',
  'kubectl headwind list',
  'kubectl headwind approve nginx-update-v1-27-0 --approver admin@example.com',
  'kubectl headwind reject nginx-update-v1-27-0 "Not ready" --approver admin@example.com',
  'curl http://headwind-api:8081/api/v1/rollback/{namespace}/{deployment}/history',
  'curl -X POST http://headwind-api:8081/api/v1/rollback/{namespace}/{deployment}/{container}',
  'curl -X POST http://localhost:8081/api/v1/rollback/default/nginx-example/nginx',
  'curl http://localhost:8081/api/v1/rollback/default/nginx-example/history',
  "kubectl get deployment my-app -o jsonpath='{.metadata.annotations.headwind\\.sh/update-history}' | jq",
  'kubectl logs -n headwind-system deployment/headwind',
  `kubectl port-forward -n headwind-system svc/headwind-webhook 8080:8080
curl -X POST http://localhost:8080/webhook/dockerhub \\
  -H "Content-Type: application/json" \\
  -d '{
    "push_data": {"tag": "v1.2.3"},
    "repository": {"repo_name": "myimage"}
  }'`,
  'curl http://localhost:9090/metrics | grep webhook_events',
  'kubectl port-forward -n headwind-system svc/headwind-api 8081:8081\ncurl http://localhost:8081/api/v1/updates | jq',
  'kubectl port-forward -n headwind-system svc/headwind-metrics 9090:9090\nopen http://localhost:9090/metrics',
];
