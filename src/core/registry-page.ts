import { parseImageReference, type Repository } from './image-reference.ts';

/** What a registry's page about a tag is called, by its host; `tag` is a valid tag and needs no escaping. */
const PAGES: Readonly<Record<string, (repository: Repository, tag: string) => string | undefined>> = {
  'docker.io': ({ path }, tag) =>
    path.startsWith('library/')
      ? `https://hub.docker.com/_/${path.slice('library/'.length)}/tags?name=${tag}`
      : `https://hub.docker.com/r/${path}/tags?name=${tag}`,
  'quay.io': ({ path }, tag) => `https://quay.io/repository/${path}?tab=tags&tag=${tag}`,
  'ghcr.io': ({ path }) => {
    const [owner, ...rest] = path.split('/');
    return rest.length === 0 ? undefined : `https://github.com/${owner ?? ''}/${rest[0] ?? ''}`;
  },
  'registry.gitlab.com': ({ path }) => {
    const [group, project] = path.split('/');
    return project === undefined
      ? undefined
      : `https://gitlab.com/${group ?? ''}/${project}/container_registry`;
  },
  'gcr.io': ({ path }) => `https://gcr.io/${path}`,
  'public.ecr.aws': ({ path }) => `https://gallery.ecr.aws/${path}`,
  'mcr.microsoft.com': ({ path }) => `https://mcr.microsoft.com/artifact/mar/${path}/tags`,
};

/** Where people read about an image; undefined for registries whose pages are not known. Never asked by Headwind itself. */
export function registryPage(image: string): string | undefined {
  const reference = parseImageReference(image);
  if (!reference.ok) return undefined;
  const { repository, tag = 'latest' } = reference.value;
  return Object.hasOwn(PAGES, repository.host) ? PAGES[repository.host]?.(repository, tag) : undefined;
}
