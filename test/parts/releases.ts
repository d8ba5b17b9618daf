import { z } from 'zod';
import { eventually } from './eventually.ts';
import { fluxObject, fluxPath, type FluxKind } from './flux-crds.ts';
import { artifactOf, requestsFor } from './workload-views.ts';
import type { World } from './world.ts';

const Release = z.object({
  metadata: z.object({
    generation: z.number(),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  spec: z.object({ chart: z.object({ spec: z.object({ version: z.string() }) }).optional() }),
});
const History = z.array(z.object({ image: z.string() }));

/** Does without waiting what the policy allows. */
export const DIRECT = { 'require-approval': 'false', 'min-update-interval': '0' };

export interface ReleaseOf {
  readonly chart: string;
  readonly version: string;
  /** The name of the HelmRepository. */
  readonly from: string;
  /** Of the release; an hour unless told, so that nothing is looked at again during a test. */
  readonly interval?: string;
}

/** The releases and chart sources of one world. */
export interface Releases {
  /** Creates an object of Flux; annotations are given without `headwind.sh/`. */
  create(
    kind: FluxKind,
    name: string,
    spec: object,
    annotations?: Readonly<Record<string, string>>,
  ): Promise<void>;
  /** A release of a chart in one exact version. */
  release(name: string, of: ReleaseOf, annotations: Readonly<Record<string, string>>): Promise<void>;
  /** A merge patch. */
  patch(kind: FluxKind, name: string, body: object): Promise<void>;
  /** A merge patch of the status, as Flux's controllers write it. */
  patchStatus(name: string, status: object): Promise<void>;
  remove(kind: FluxKind, name: string): Promise<void>;
  /** A Secret with these entries, created or replaced. */
  secret(name: string, entries: Readonly<Record<string, string>>): Promise<void>;
  version(name: string): Promise<string | undefined>;
  generation(name: string): Promise<number>;
  annotations(name: string): Promise<Readonly<Record<string, string>>>;
  /** The images of its update history, newest first. */
  history(name: string): Promise<readonly string[]>;
  blockers(name: string): Promise<readonly string[]>;
  /** Waits until the release has this blocker, and returns its message. */
  blocked(name: string, code: string, timeoutMs?: number): Promise<string>;
  /** Waits until the release has this version, and until what brought it there is written down as finished. */
  hasVersion(name: string, version: string, timeoutMs?: number): Promise<unknown>;
  /** `1.0.0 -> 1.1.0 Completed`, oldest first. */
  story(name: string): Promise<readonly string[]>;
  /** Has the source asked now, as a person does with a change of it; `turn` has to differ from the last one. */
  look(source: string, turn: number, kind?: FluxKind): Promise<void>;
}

/** Handles for the releases of a world. */
export function releasesOf(world: World): Releases {
  const { api, namespace } = world;
  const read = async (name: string): Promise<z.infer<typeof Release>> =>
    Release.parse(await api.expectOk('GET', `${fluxPath('HelmRelease', namespace)}/${name}`));
  const merge = async (path: string, body: object): Promise<void> => {
    await api.expectOk('PATCH', path, body, 'application/merge-patch+json');
  };
  const versionOf = (image: string): string => image.slice(image.lastIndexOf(':') + 1);
  const releases: Releases = {
    async create(kind, name, spec, annotations = {}) {
      const object = fluxObject(kind, { name, spec, annotations });
      await api.expectOk('POST', fluxPath(kind, namespace), object);
    },
    release: (name, { chart, version, from, interval = '1h' }, annotations) =>
      releases.create(
        'HelmRelease',
        name,
        { interval, chart: { spec: { chart, version, sourceRef: { kind: 'HelmRepository', name: from } } } },
        annotations,
      ),
    patch: (kind, name, body) => merge(`${fluxPath(kind, namespace)}/${name}`, body),
    patchStatus: (name, status) => merge(`${fluxPath('HelmRelease', namespace)}/${name}/status`, { status }),
    async remove(kind, name) {
      await api.expectOk('DELETE', `${fluxPath(kind, namespace)}/${name}`);
    },
    async secret(name, stringData) {
      const path = `/api/v1/namespaces/${namespace}/secrets`;
      const { status } = await api.request('POST', path, { metadata: { name }, stringData });
      if (status === 409) await merge(`${path}/${name}`, { stringData });
      else if (status >= 300) throw new Error(`the Secret ${name} could not be created: ${status}`);
    },
    version: async (name) => (await read(name)).spec.chart?.spec.version,
    generation: async (name) => (await read(name)).metadata.generation,
    annotations: async (name) => (await read(name)).metadata.annotations,
    async history(name) {
      const { annotations } = (await read(name)).metadata;
      const entries = History.parse(JSON.parse(annotations['headwind.sh/update-history'] ?? '[]'));
      return entries.map(({ image }) => image);
    },
    blockers: async (name) => (await artifactOf(world, name)).blockers.map(({ code }) => code),
    blocked: (name, code, timeoutMs = 20_000) =>
      eventually(
        async () => {
          const { blockers } = await artifactOf(world, name);
          const found = blockers.find((blocker) => blocker.code === code);
          if (found === undefined) throw new Error(`it says ${JSON.stringify(blockers)}`);
          return found.message;
        },
        { what: `${name} says ${code}`, timeoutMs },
      ),
    hasVersion: (name, version, timeoutMs = 20_000) =>
      eventually(
        async () => {
          const found = await releases.version(name);
          if (found !== version)
            throw new Error(
              `it has ${found}; ${JSON.stringify(await artifactOf(world, name))} ${JSON.stringify(await releases.story(name))}`,
            );
          const story = await releases.story(name);
          if (story.some((line) => line.endsWith(' Approved'))) throw new Error(JSON.stringify(story));
          return true;
        },
        { what: `${name} has ${version}`, timeoutMs, everyMs: 50 },
      ),
    async story(name) {
      const requests = requestsFor(await world.requests(), name).toSorted((a, b) =>
        a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp),
      );
      return requests.map(
        ({ spec, status }) =>
          `${versionOf(spec.currentImage)} -> ${versionOf(spec.newImage)} ${status.phase}`,
      );
    },
    look: (source, turn, kind = 'HelmRepository') =>
      releases.patch(kind, source, { spec: { interval: `${60 + turn}m` } }),
  };
  return releases;
}
