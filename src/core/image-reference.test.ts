import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  effectiveTag,
  isDigest,
  isTag,
  normaliseHost,
  parseImageReference,
  parseRepository,
  repositoryKey,
  toRepository,
  withVersion,
  type ImageReference,
} from './image-reference.ts';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

function read(text: string): ImageReference {
  const parsed = parseImageReference(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

describe('parseImageReference', () => {
  it.each<[string, string, string, string | undefined, string | undefined]>([
    ['nginx', 'nginx', 'docker.io/library/nginx', undefined, undefined],
    ['nginx:1.25.0', 'nginx', 'docker.io/library/nginx', '1.25.0', undefined],
    ['library/nginx:1', 'library/nginx', 'docker.io/library/nginx', '1', undefined],
    ['acme/shop:1', 'acme/shop', 'docker.io/acme/shop', '1', undefined],
    ['docker.io/nginx:1', 'docker.io/nginx', 'docker.io/library/nginx', '1', undefined],
    ['docker.io/library/nginx:1', 'docker.io/library/nginx', 'docker.io/library/nginx', '1', undefined],
    ['index.docker.io/nginx:1', 'index.docker.io/nginx', 'docker.io/library/nginx', '1', undefined],
    [
      'registry-1.docker.io/acme/shop:1',
      'registry-1.docker.io/acme/shop',
      'docker.io/acme/shop',
      '1',
      undefined,
    ],
    ['gcr.io/project/image:v1.0', 'gcr.io/project/image', 'gcr.io/project/image', 'v1.0', undefined],
    ['ghcr.io/shop:1', 'ghcr.io/shop', 'ghcr.io/shop', '1', undefined],
    ['localhost/shop:1', 'localhost/shop', 'localhost/shop', '1', undefined],
    ['localhost:5000/myimage', 'localhost:5000/myimage', 'localhost:5000/myimage', undefined, undefined],
    ['reg:5000/x/nginx:1.25', 'reg:5000/x/nginx', 'reg:5000/x/nginx', '1.25', undefined],
    ['127.0.0.1:5000/x:1', '127.0.0.1:5000/x', '127.0.0.1:5000/x', '1', undefined],
    ['[::1]:5000/x:1', '[::1]:5000/x', '[::1]:5000/x', '1', undefined],
    ['[fd00::1]/x', '[fd00::1]/x', '[fd00::1]/x', undefined, undefined],
    ['GHCR.IO/acme/shop:1', 'GHCR.IO/acme/shop', 'ghcr.io/acme/shop', '1', undefined],
    ['ghcr.io:443/acme/shop:1', 'ghcr.io:443/acme/shop', 'ghcr.io/acme/shop', '1', undefined],
    ['docker.io:443/nginx', 'docker.io:443/nginx', 'docker.io/library/nginx', undefined, undefined],
    [`nginx@${DIGEST}`, 'nginx', 'docker.io/library/nginx', undefined, DIGEST],
    [`app:1.2.3@${DIGEST}`, 'app', 'docker.io/library/app', '1.2.3', DIGEST],
    [`reg:5000/x/nginx:1.25@${DIGEST}`, 'reg:5000/x/nginx', 'reg:5000/x/nginx', '1.25', DIGEST],
    [`reg:5000/x@${DIGEST}`, 'reg:5000/x', 'reg:5000/x', undefined, DIGEST],
    ['a/b/c/d/e:f', 'a/b/c/d/e', 'docker.io/a/b/c/d/e', 'f', undefined],
    ['my__odd/re-po.x_y:T_a-g.1', 'my__odd/re-po.x_y', 'docker.io/my__odd/re-po.x_y', 'T_a-g.1', undefined],
    ['nginx:5000', 'nginx', 'docker.io/library/nginx', '5000', undefined],
    [`x:${'a'.repeat(128)}`, 'x', 'docker.io/library/x', 'a'.repeat(128), undefined],
  ])('reads %s', (...[text, name, key, tag, digest]) => {
    const { repository, ...parts } = read(text);
    expect({ ...parts, key: repositoryKey(repository) }).toEqual({ text, name, key, tag, digest });
  });

  it.each([
    ['nothing', ''],
    ['only a tag', ':1.0'],
    ['only a digest', `@${DIGEST}`],
    ['an empty tag', 'nginx:'],
    ['an empty digest', 'nginx@'],
    ['a short digest', 'nginx@sha256:abc'],
    ['two digests', `nginx@${DIGEST}@${DIGEST}`],
    ['a digest of another length than its algorithm has', `nginx@sha256:${'a'.repeat(63)}`],
    ['capitals in the path', 'acme/Shop:1'],
    ['capitals without a host', 'Nginx'],
    ['a space', 'nginx: 1'],
    ['a space at the end', 'nginx:1 '],
    ['a line end', 'nginx:1\n'],
    ['a scheme', 'https://ghcr.io/acme/shop'],
    ['an empty component', 'acme//shop'],
    ['a slash at the end', 'acme/shop/'],
    ['a slash in front', '/shop'],
    ['a dot in front', 'acme/.shop'],
    ['dots that climb', 'ghcr.io/../shop'],
    ['a tag that begins with a dot', 'nginx:.1'],
    ['a tag that begins with a dash', 'nginx:-1'],
    ['a tag of 129 characters', `nginx:${'a'.repeat(129)}`],
    ['a tag with a plus', 'nginx:1+2'],
    ['a port that is no number', 'reg:port/x:1'],
    ['a port of six digits', 'reg:500000/x'],
    ['a port beyond 65535', 'reg:70000/x'],
    ['only a host', 'ghcr.io/'],
    ['a path of more than 255 characters', 'a/'.repeat(150).slice(0, -1)],
    ['a template left over', '{{ .Values.image }}'],
    ['an open bracket', '[::1/x'],
  ])('refuses %s', (_, text) => {
    expect(parseImageReference(text)).toEqual({
      ok: false,
      error: expect.stringContaining('not an image reference'),
    });
  });

  it.each([
    ['name', 'X'.repeat(100_000)],
    ['path', `ghcr.io/${'X'.repeat(100_000)}`],
    ['host', `${'!.'.repeat(50_000)}/app`],
    ['tag', `app:${'1'.repeat(100_000)}`],
    ['digest', `app@${'1'.repeat(100_000)}`],
  ])('does not repeat a very long %s in its error', (_, text) => {
    const parsed = parseImageReference(text);
    expect(parsed.ok ? '' : parsed.error).toMatch(/^.{20,499}$/);
  });

  it.each([
    `${'a-'.repeat(150_000)}!`,
    `${'a'.repeat(300_000)}/!`,
    `x:${'a.'.repeat(150_000)}!`,
    ':'.repeat(300_000),
  ])('reads a hostile text in linear time', (text) => {
    expect(parseImageReference(text).ok).toBe(false);
  });

  const component = fc.stringMatching(/^[a-z0-9]{1,5}([._-][a-z0-9]{1,5})?$/);
  const aName = fc
    .tuple(
      fc.constantFrom(
        '',
        'docker.io/',
        'index.docker.io/',
        'ghcr.io/',
        'reg:5000/',
        'localhost/',
        '[::1]:80/',
        'Reg.io/',
      ),
      fc.array(component, { minLength: 1, maxLength: 3 }),
    )
    .map(([host, path]) => host + path.join('/'));
  const aTag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/);

  it('keeps the spelling: only tag and digest change', () => {
    fc.assert(
      fc.property(aName, fc.option(aTag), aTag, fc.boolean(), (...[name, before, after, pinned]) => {
        const old = read(before == null ? name : `${name}:${before}`);
        const text = withVersion(old, after, pinned ? DIGEST : undefined);
        expect(text).toBe(`${name}:${after}${pinned ? `@${DIGEST}` : ''}`);
        expect(read(text)).toEqual({ ...old, text, tag: after, digest: pinned ? DIGEST : undefined });
      }),
    );
  });

  it('reads a repository as the same one when it is written out in full', () => {
    fc.assert(
      fc.property(aName, (name) => {
        const { repository } = read(name);
        expect(parseRepository(repositoryKey(repository))).toEqual({ ok: true, value: repository });
        expect(toRepository(repository.host, repository.path)).toEqual({ ok: true, value: repository });
      }),
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(typeof parseImageReference(text).ok).toBe('boolean');
      }),
    );
  });
});

describe('toRepository', () => {
  it.each([
    ['docker.io', 'nginx', 'docker.io/library/nginx'],
    ['https://index.docker.io', 'nginx', undefined],
    ['hub.docker.com', 'acme/shop', 'docker.io/acme/shop'],
    ['REG.example.com:5000', 'x', 'reg.example.com:5000/x'],
    ['reg.example.com:443', 'x', 'reg.example.com/x'],
    ['reg.example.com', '', undefined],
    ['', 'x', undefined],
    ['reg.example.com', 'X', undefined],
    ['-reg', 'x', undefined],
  ])('%s and %s make %s', (host, path, key) => {
    const made = toRepository(host, path);
    expect(made.ok ? repositoryKey(made.value) : undefined).toBe(key);
  });
});

describe('the small readers', () => {
  it.each([
    ['docker.io', 'docker.io'],
    ['Registry.Hub.Docker.com', 'docker.io'],
    ['ghcr.io:443', 'ghcr.io'],
    ['ghcr.io:4430', 'ghcr.io:4430'],
    ['localhost:80', 'localhost:80'],
  ])('normaliseHost makes %s %s', (host, expected) => {
    expect(normaliseHost(host)).toBe(expected);
  });

  it.each([
    ['1.0', true],
    ['_x', true],
    ['', false],
    ['1+2', false],
    ['a b', false],
    ['a\n', false],
  ])('isTag(%j) is %s', (text, expected) => {
    expect(isTag(text)).toBe(expected);
  });

  it.each([
    [DIGEST, true],
    [DIGEST.toUpperCase(), false],
    ['sha256:abc', false],
    [`sha512:${'a'.repeat(128)}`, true],
    [`sha512:${'a'.repeat(64)}`, false],
    ['a'.repeat(64), false],
    ['', false],
  ])('isDigest(%s) is %s', (text, expected) => {
    expect(isDigest(text)).toBe(expected);
  });

  it('the tag that a registry is asked for is latest where none is written', () => {
    expect(effectiveTag(read('nginx'))).toBe('latest');
    expect(effectiveTag(read('nginx:1'))).toBe('1');
  });
});
