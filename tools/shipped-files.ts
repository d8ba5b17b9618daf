import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { z } from 'zod';

const MANIFESTS = 'deploy/k8s';

/** What the chart has as it is, for templates to fill in. Helm reads nothing outside of a chart. */
const COPIES: Readonly<Record<string, string>> = {
  'charts/headwind/files/updaterequest.yaml': 'crds/updaterequest.yaml',
  'charts/headwind/files/approved-by.yaml': 'optional/approved-by.yaml',
};

const HEADER = `# Everything that an installation needs, in one file; made from deploy/k8s by \`make install-file\`.
#   kubectl apply -f install.yaml
`;

const Kustomization = z.object({ resources: z.array(z.string()) });

/**
 * The files that are made of deploy/k8s: path from the project's root, to content. `root` is that root. Throws where one
 * of the sources cannot be read.
 */
export async function shippedFiles(root: string): Promise<ReadonlyMap<string, string>> {
  const read = (file: string): Promise<string> => readFile(join(root, MANIFESTS, file), 'utf8');
  const { resources } = Kustomization.parse(load(await read('kustomization.yaml')));
  const documents = await Promise.all(resources.map(read));
  const copies = Object.entries(COPIES).map(async ([path, source]) => [path, await read(source)] as const);
  return new Map([
    ['deploy/install.yaml', HEADER + joinDocuments(documents)],
    ...(await Promise.all(copies)),
  ]);
}

/** One stream of YAML documents, in this order. */
function joinDocuments(documents: readonly string[]): string {
  return documents.map((document) => `---\n${document.trim()}\n`).join('');
}
