import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import { requirePart } from '../parts/binaries.ts';
import { optionOf } from './asked.ts';

const Port = z.object({ port: z.number().optional(), containerPort: z.number().optional() });

/** The real kubectl; answers what it prints, and throws where it fails. */
export function kubectlOf(kubeconfig: string, home: string): Kubectl['kubectl'] {
  const env = { PATH: process.env['PATH'], HOME: home, KUBECONFIG: kubeconfig };
  const binary = requirePart('kubectl', process.env);
  return async (...args) => (await promisify(execFile)(binary, args, { env, timeout: 120_000 })).stdout;
}

export interface Kubectl {
  readonly kubectl: (...args: readonly string[]) => Promise<string>;
  /** What is to be done after the block. */
  readonly undo: (readonly string[])[];
}

/** What is to be created must not be there yet; what would change how others are judged goes after the block. */
export async function beforeKubectl(words: readonly string[], { kubectl, undo }: Kubectl): Promise<void> {
  const file = optionOf(words, ['-f', '--filename']);
  const namespace = optionOf(words, ['-n', '--namespace']) ?? 'default';
  if (words.includes('create')) await kubectl(...removalOf(words, { file, namespace }), '--ignore-not-found');
  if (words.includes('apply') && file?.includes('approved-by') === true)
    undo.push(['delete', '-f', file, '--ignore-not-found']);
  if (words.includes('port-forward')) await lookAtPort(words, namespace, kubectl);
}

/** The words that delete what these create; a token leaves nothing. */
function removalOf(
  words: readonly string[],
  { file, namespace }: { readonly file: string | undefined; readonly namespace: string },
): readonly string[] {
  if (file !== undefined) return ['delete', '-f', file];
  const plain = words
    .slice(words.indexOf('create') + 1)
    .filter((word) => !word.startsWith('-') && word !== namespace);
  const [kind = '', first = '', second = ''] = plain;
  if (kind === 'token') return ['get', 'namespaces'];
  return ['delete', kind, kind === 'secret' ? second : first, '-n', namespace];
}

/** Throws where the service or the pods that are forwarded to have no such port. */
async function lookAtPort(
  words: readonly string[],
  namespace: string,
  kubectl: Kubectl['kubectl'],
): Promise<void> {
  const target = words.find((word) => word.includes('/')) ?? '';
  const port = Number(
    words
      .findLast((word) => /^\d+(?::\d+)?$/.test(word))
      ?.split(':')
      .at(-1),
  );
  const path = target.startsWith('deploy') ? '.spec.template.spec.containers[*].ports' : '.spec.ports';
  const found = await kubectl('get', target, '-n', namespace, '-o', `jsonpath={${path}}`);
  const ports = z.array(Port).parse(JSON.parse(found));
  if (!ports.some((one) => one.port === port || one.containerPort === port))
    throw new Error(`${target} has no port ${port}`);
}
