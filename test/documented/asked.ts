/** What a command is about to ask of the cluster, as far as something has to be there for it. */
export interface Asked {
  readonly namespace: string;
  /** Requests that somebody is about to decide about. */
  readonly waiting: readonly string[];
  /** Requests whose versions are held. */
  readonly held: readonly string[];
  readonly workloads: readonly WorkloadName[];
  /** Whether these are to have just been updated, so that they can be rolled back. */
  readonly afresh: boolean;
}

export interface WorkloadName {
  /** The plural of the API. */
  readonly kind: 'deployments' | 'statefulsets' | 'daemonsets';
  readonly name: string;
}

const KINDS: Readonly<Record<string, WorkloadName['kind']>> = {
  deploy: 'deployments',
  deployment: 'deployments',
  deployments: 'deployments',
  sts: 'statefulsets',
  statefulset: 'statefulsets',
  ds: 'daemonsets',
  daemonset: 'daemonsets',
};
const OF_REQUESTS = ['ur', 'upd', 'updaterequest', 'updaterequests', 'updaterequests.headwind.sh'];
const OF_WORKLOADS = ['history', 'rollback', 'explain', 'pause', 'resume', 'simulate'];
/** Options that are followed by a value. */
const WITH_VALUE =
  /^(?:-[nlofcp]|--(?:namespace|to|reason|approver|phase|output|selector|tags|pushed|api-url|context|kubeconfig|type|filename|container))$/;
const NOTHING = { waiting: [], held: [], workloads: [], afresh: false };

/** Reads the words of a command. */
export function whatIsAsked([program = '', ...words]: readonly string[]): Asked {
  if (program === 'curl') return askedByUrl(words);
  const namespace = optionOf(words, ['-n', '--namespace']) ?? 'default';
  const plain = words.filter((word, at) => !word.startsWith('-') && !WITH_VALUE.test(words[at - 1] ?? ''));
  if (program === 'kubectl-headwind') return { namespace, ...askedOfPlugin(plain) };
  return { namespace, ...askedOfKubectl(plain) };
}

function askedOfPlugin([verb = '', ...names]: readonly string[]): Omit<Asked, 'namespace'> {
  const requests = names.map((name) => name.replace(/^updaterequest\.headwind\.sh\//, ''));
  if (verb === 'approve' || verb === 'get') return { ...NOTHING, waiting: requests };
  if (verb === 'reject') return { ...NOTHING, waiting: requests.slice(0, 1) };
  if (verb === 'list') return { ...NOTHING, waiting: [USUAL_REQUEST] };
  if (verb === 'holds')
    return { ...NOTHING, held: names[0] === 'release' ? requests.slice(1) : [USUAL_REQUEST] };
  if (!OF_WORKLOADS.includes(verb)) return NOTHING;
  const isOne = verb === 'rollback' || verb === 'history';
  const workloads = (isOne ? names.slice(0, 1) : names).map(workloadOf);
  return {
    ...NOTHING,
    workloads: workloads.length > 0 ? workloads : [workloadOf('web')],
    afresh: verb === 'rollback',
  };
}

function askedOfKubectl([verb = '', kind = '', ...names]: readonly string[]): Omit<Asked, 'namespace'> {
  if (OF_REQUESTS.includes(kind)) return { ...NOTHING, waiting: names.length > 0 ? names : [USUAL_REQUEST] };
  if (!['get', 'describe', 'annotate', 'label', 'patch', 'set', 'scale', 'edit'].includes(verb))
    return NOTHING;
  if (kind.includes('/')) return { ...NOTHING, workloads: [workloadOf(kind)] };
  return KINDS[kind] === undefined
    ? NOTHING
    : { ...NOTHING, workloads: names.slice(0, 1).map((name) => workloadOf(`${kind}/${name}`)) };
}

function askedByUrl(words: readonly string[]): Asked {
  const url = words.find((word) => /^https?:/.test(word));
  const [, , , room = '', ...rest] = url === undefined ? [] : new URL(url).pathname.split('/');
  const [namespace = 'default', name] = room === 'workloads' ? rest.slice(1) : rest;
  if (namespace === 'bulk') return { ...NOTHING, namespace: 'shop', waiting: [USUAL_REQUEST] };
  const named = name === undefined ? [] : [name];
  const isAboutWorkload = room === 'workloads' || room === 'rollback';
  return {
    namespace,
    waiting: room === 'updates' ? named : [],
    held: room === 'holds' ? named : [],
    workloads: isAboutWorkload ? named.map(workloadOf) : [],
    afresh: room === 'rollback' && words.includes('POST'),
  };
}

/** `web`, `deploy/web`, `deployment.apps/web`. */
function workloadOf(text: string): WorkloadName {
  const [kind = '', name] = text.split('/');
  return name === undefined
    ? { kind: 'deployments', name: kind }
    : { kind: KINDS[kind.split('.')[0] ?? ''] ?? 'deployments', name };
}

export function optionOf(words: readonly string[], names: readonly string[]): string | undefined {
  for (const [at, word] of words.entries()) {
    if (names.includes(word)) return words[at + 1];
    const name = names.find((one) => one.startsWith('--') && word.startsWith(`${one}=`));
    if (name !== undefined) return word.slice(name.length + 1);
  }
  return undefined;
}

/** The request that the documents show. */
export const USUAL_REQUEST = 'web-app-1-26-0-5f0c2a9e';
