import { z } from 'zod';
import { isDigest, parseRepository, type Repository } from '../../core/image-reference.ts';
import { fail, type Result } from '../../core/result.ts';
import { hubSignature } from './proof.ts';
import {
  deliveryHeaders,
  ignored,
  isChart,
  locateUnder,
  nothing,
  pushedTag,
  quote,
  readEach,
  type WebhookSender,
} from './sender.ts';
import { isRecord, member, optionalText as text, textAt } from './shape.ts';

// https://docs.github.com/en/webhooks/webhook-events-and-payloads#package and #registry_package: a webhook of a repository
// or an organisation sends `package`, a GitHub App gets `registry_package`; what is inside is the same.
const Package = z.object({
  name: text,
  namespace: text,
  ecosystem: text,
  package_type: text,
  owner: z.object({ login: text }).nullish().catch(undefined),
  package_version: z.object({
    version: text,
    package_url: text,
    container_metadata: z
      .object({
        tag: z.object({ name: text, digest: text }).nullish().catch(undefined),
        manifest: z
          .object({ media_type: text, config: z.object({ media_type: text }).nullish().catch(undefined) })
          .nullish()
          .catch(undefined),
      })
      .nullish()
      .catch(undefined),
    // The older shape: several tags in one event.
    docker_metadata: z.array(z.unknown()).nullish().catch(undefined),
  }),
});
type Package = z.infer<typeof Package>;

const PUSHES = new Set(['published', 'updated']);
const CONTAINER = /^(?:container|docker)$/i;

/** GitHub's container registry. Every manifest of a multi-arch image is an event, most of them without a tag. */
export const ghcr: WebhookSender = {
  name: 'ghcr',
  expects:
    '{"action":"published","package":{"package_version":{"container_metadata":{"tag":{"name":"1.2.3"}},"package_url":"ghcr.io/team/app:1.2.3"}}} (GitHub package event)',
  proofs: [hubSignature],
  deliveryIds: ({ headers }) => deliveryHeaders(headers, ['x-github-delivery']),
  recognises: ({ headers, body }) =>
    headers.has('x-github-event') ||
    isRecord(member(packageOf(body), 'package_version')) ||
    (textAt(body, 'zen') !== undefined && member(body, 'hook_id') !== undefined),
  parse({ headers, body }, { hostOf }) {
    const event =
      headers.get('x-github-event') ?? (member(body, 'hook_id') === undefined ? 'package' : 'ping');
    if (event !== 'package' && event !== 'registry_package')
      return nothing(`a GitHub event ${quote(event)}, not a package`);
    const action = textAt(body, 'action') ?? '';
    if (isRecord(packageOf(body)) && !PUSHES.has(action))
      return nothing(`the package was ${quote(action)}, not pushed`);
    const read = Package.safeParse(packageOf(body));
    if (!read.success) return fail('package.package_version must be an object');
    if (!isContainer(read.data)) return nothing('a package that is no container');
    const repository = repositoryOf(read.data, hostOf('ghcr'));
    return readEach(tagsOf(read.data), (tag) =>
      repository === undefined
        ? ignored('the package has no name')
        : pushedTag({ ...claims(read.data), repository, tag }),
    );
  },
};

function packageOf(body: unknown): unknown {
  return member(body, 'package') ?? member(body, 'registry_package');
}

/** GitHub's own sample of a container calls itself `npm`: what only containers have decides as well. */
function isContainer({ ecosystem, package_type, package_version }: Package): boolean {
  if (package_version.container_metadata || package_version.docker_metadata) return true;
  return [ecosystem, package_type].some((kind) => CONTAINER.test(kind ?? ''));
}

function tagsOf({ package_version: version }: Package): readonly (string | undefined)[] {
  const named = version.container_metadata?.tag?.name;
  if (named != null) return [named];
  const older = (version.docker_metadata ?? [])
    .flatMap((image) => member(image, 'tags'))
    .filter((tag) => typeof tag === 'string');
  return older.length > 0 ? older : [splitUrl(version.package_url).tag];
}

function claims({ package_version: version }: Package) {
  const { tag, manifest } = version.container_metadata ?? {};
  const type = isChart([manifest?.media_type, manifest?.config?.media_type]) ? 'chart' : 'image';
  const digest = [tag?.digest, version.version].find((claimed) => isDigest(claimed ?? ''));
  return { sender: 'ghcr', type, digest } as const;
}

/** Images are pulled by lower-case names, however the owner writes theirs. */
function repositoryOf(read: Package, configured: string | undefined): Result<Repository> | undefined {
  const { name } = splitUrl(read.package_version.package_url);
  if (name.includes('/')) return parseRepository(name);
  const owner = read.owner?.login || read.namespace;
  return owner && read.name
    ? locateUnder(configured ?? 'ghcr.io', `${owner}/${read.name}`.toLowerCase())
    : undefined;
}

/** `ghcr.io/Owner/app:1.2.3`; without a tag it still ends in a colon. */
function splitUrl(url: string | null | undefined): { readonly name: string; readonly tag: string } {
  const bare = (url ?? '').replace(/@.*$/s, '');
  const colon = bare.lastIndexOf(':');
  const split = colon > bare.lastIndexOf('/') ? colon : bare.length;
  return { name: bare.slice(0, split).toLowerCase(), tag: bare.slice(split + 1) };
}
