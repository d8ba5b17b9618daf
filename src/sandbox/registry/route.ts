import { toRepository } from '../../core/image-reference.ts';
import { RegistryError } from './registry-error.ts';

export type Route =
  | { readonly kind: 'base' }
  | { readonly kind: 'catalog' }
  | { readonly kind: 'tags'; readonly repository: string }
  | { readonly kind: 'manifest'; readonly repository: string; readonly reference: string }
  | { readonly kind: 'blob'; readonly repository: string; readonly digest: string }
  | { readonly kind: 'uploads'; readonly repository: string }
  | { readonly kind: 'upload'; readonly repository: string; readonly id: string };

/**
 * Reads a path below `/v2/`. Repository names hold slashes, so paths are read from their end.
 * @returns undefined where the registry has no such path
 * @throws RegistryError NAME_INVALID
 */
export function routeOf(path: string): Route | undefined {
  if (path === '/v2' || path === '/v2/') return { kind: 'base' };
  if (!path.startsWith('/v2/')) return undefined;
  const segments = path.slice('/v2/'.length).split('/');
  if (segments.join('/') === '_catalog') return { kind: 'catalog' };
  return uploadRoute(segments) ?? contentRoute(segments);
}

function uploadRoute(segments: readonly string[]): Route | undefined {
  const id = segments.at(-1) ?? '';
  if (segments.at(-3) !== 'blobs' || segments.at(-2) !== 'uploads')
    // The specification writes `uploads/`; some clients leave out the slash.
    return segments.at(-2) === 'blobs' && id === 'uploads'
      ? { kind: 'uploads', repository: repositoryOf(segments.slice(0, -2)) }
      : undefined;
  const repository = repositoryOf(segments.slice(0, -3));
  return id === '' ? { kind: 'uploads', repository } : { kind: 'upload', repository, id };
}

function contentRoute(segments: readonly string[]): Route | undefined {
  const last = segments.at(-1) ?? '';
  const names = segments.slice(0, -2);
  switch (segments.at(-2)) {
    case 'tags':
      return last === 'list' ? { kind: 'tags', repository: repositoryOf(names) } : undefined;
    case 'manifests':
      return { kind: 'manifest', repository: repositoryOf(names), reference: last };
    case 'blobs':
      return { kind: 'blob', repository: repositoryOf(names), digest: last };
    case undefined:
    default:
      return undefined;
  }
}

function repositoryOf(segments: readonly string[]): string {
  const name = segments.join('/');
  const checked = toRepository('registry.invalid', name);
  if (!checked.ok) throw new RegistryError('NAME_INVALID', checked.error);
  return name;
}
