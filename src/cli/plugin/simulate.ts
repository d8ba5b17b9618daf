import type { Clock } from '../../core/clock.ts';
import { workloadKey, type Artifact, type Workload } from '../../core/workload.ts';
import type { WorkloadView } from '../../http/api-shapes.ts';
import { artifactKey } from '../../pipeline/request-store.ts';
import { UsageError } from '../exit.ts';
import { describeAccepted, describeHandling } from './accepts.ts';
import { viewFromCluster } from './cluster-workloads.ts';
import { readOptions, type PluginOptions } from './options.ts';
import type { CommandHome, PluginRun } from './session.ts';
import { fromCluster, fromFiles, type Ground } from './simulate-ground.ts';
import { printSimulation, type SimulatedArtifact } from './simulation-format.ts';
import { readPushed, readTags, tagsFor, type Question } from './simulate-questions.ts';
import type { AskedRegistry } from './simulate-registry.ts';
import { simulateList, simulatePush, type SimulatedAnswer, type Situation } from './simulation.ts';

interface Questions {
  readonly pushed: readonly Question[];
  readonly lists: readonly Question[];
  readonly registry: AskedRegistry | undefined;
}

/** `simulate`: what would happen now. Reads, and changes nothing anywhere. */
export async function simulateCommand(
  { run, program }: CommandHome,
  texts: readonly string[],
): Promise<void> {
  const options = readOptions(program.opts(), 'simulate', run.env);
  if (program.getOptionValue('apiUrl') !== undefined)
    throw new UsageError(
      '--api-url does not go with simulate, which reads the cluster itself, or a manifest',
    );
  const pushed = options.pushed.map(readPushed);
  const lists = options.tags.map(readTags);
  const ground =
    options.files.length === 0
      ? await fromCluster(run, options, texts)
      : await fromFiles(run, options, texts);
  const registry = options.registry ? await openAsked(run) : undefined;
  try {
    const artifacts = await simulateAll(
      ground,
      { pushed, lists, registry },
      { ...options, clock: run.clock },
    );
    const unused = registry === undefined ? unmatched([...pushed, ...lists], ground) : [];
    printSimulation(artifacts, {
      terminal: run.terminal,
      format: {
        output: options.output,
        headers: options.headers,
        nowMs: run.clock.now(),
        withNamespace: options.allNamespaces || namespacesOf(ground).size > 1,
        colours: run.terminal.colours,
      },
      asked: pushed.length + lists.length > 0 || registry !== undefined,
      notes: [
        ...ground.notes,
        ...unused,
        ...(registry === undefined && pushed.length + lists.length > 0 ? [NOT_ASKED] : []),
      ],
    });
  } finally {
    registry?.close();
  }
}

const NOT_ASKED = 'no registry was asked, so that tags, digests and platforms are believed; --registry asks';

async function openAsked({ env, clock }: PluginRun): Promise<AskedRegistry> {
  const { openRegistry } = await import('./simulate-registry.ts');
  return openRegistry({ env, clock });
}

async function simulateAll(
  { workloads, requests }: Ground,
  questions: Questions,
  { container, clock }: Pick<PluginOptions, 'container'> & { readonly clock: Clock },
): Promise<readonly SimulatedArtifact[]> {
  const simulated: SimulatedArtifact[] = [];
  for (const view of viewFromCluster(workloads, { requests, clock })) {
    const workload = workloads.get(workloadKey(view));
    if (workload === undefined) continue;
    const wanted = workload.artifacts.filter(({ name }) => container === undefined || name === container);
    for (const artifact of wanted) {
      const situation: Situation = {
        workload,
        artifact,
        requests: requests.ofArtifact(artifactKey(workload, artifact.name)),
        nowMs: clock.now(),
        confirm: async (tag) => questions.registry?.confirm(artifact, tag) ?? { outcome: 'not-asked' },
      };
      const answers = await answer(situation, questions);
      simulated.push(present(view, workload, artifact, answers));
    }
  }
  return simulated;
}

async function answer(
  situation: Situation,
  { pushed, lists, registry }: Questions,
): Promise<readonly SimulatedAnswer[]> {
  const { workload, artifact } = situation;
  const answers: SimulatedAnswer[] = [];
  for (const question of pushed)
    for (const tag of tagsFor(question, artifact) ?? []) answers.push(await simulatePush(situation, tag));
  for (const question of lists) {
    const tags = tagsFor(question, artifact);
    if (tags !== undefined) answers.push(await simulateList(situation, tags));
  }
  const listed = await registry?.tagsOf(workload, artifact);
  if (listed === undefined || lists.length > 0) return answers;
  if ('tags' in listed) return [...answers, await simulateList(situation, listed.tags)];
  return [
    ...answers,
    { by: 'polling', outcome: 'stays', verified: false, blockers: [listed.blocker], supersedes: [] },
  ];
}

function present(
  view: WorkloadView,
  workload: Workload,
  artifact: Artifact,
  answers: readonly SimulatedAnswer[],
): SimulatedArtifact {
  const { kind, namespace, name, policy } = view;
  const known = view.artifacts.find((one) => one.name === artifact.name);
  return {
    kind,
    namespace,
    name,
    policy,
    artifact: artifact.name,
    type: artifact.type,
    image: artifact.image,
    accepts: describeAccepted(workload, artifact),
    handling: describeHandling(workload),
    blockers: known?.blockers ?? [],
    ...(known?.openRequest === undefined ? {} : { openRequest: known.openRequest }),
    holds: known?.holds.map(({ version }) => version) ?? [],
    answers,
  };
}

function unmatched(questions: readonly Question[], { workloads }: Ground): readonly string[] {
  const artifacts = [...workloads.values()].flatMap((workload) => workload.artifacts);
  return questions
    .filter((question) => !artifacts.some((artifact) => tagsFor(question, artifact) !== undefined))
    .map(({ text }) => `no workload here uses ${text}`);
}

function namespacesOf({ workloads }: Ground): ReadonlySet<string> {
  return new Set([...workloads.values()].map(({ namespace }) => namespace));
}
