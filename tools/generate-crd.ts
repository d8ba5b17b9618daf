/** Prints the UpdateRequest CustomResourceDefinition as YAML: `node tools/generate-crd.ts > deploy/k8s/crds/updaterequest.yaml`. */
import { dump } from 'js-yaml';
import { updateRequestCrd } from '../src/core/update-request-crd.ts';

process.stdout.write(
  `# Made by \`node tools/generate-crd.ts\`; edit src/core/update-request.ts instead.\n${dump(updateRequestCrd(), { lineWidth: 120, noRefs: true })}`,
);
