import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { repositoryKey } from '../../core/image-reference.ts';
import type { Signal } from '../../core/signal.ts';
import { distribution, gitlab } from './distribution.ts';
import { dockerhub } from './dockerhub.ts';
import { generic } from './flat.ts';
import { MAX_ENTRIES_PER_BODY, type WebhookSender } from './sender.ts';
import { WEBHOOK_SENDERS } from './senders.ts';

const DIGEST = `sha256:${'4afff550708506c5'.repeat(4)}`;
const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const LAYER = 'application/vnd.docker.image.rootfs.diff.tar.gzip';
const HELM_CONFIG = 'application/vnd.cncf.helm.config.v1+json';

function read(sender: WebhookSender, body: unknown) {
  return sender.parse({ headers: new Headers(), body }, { hostOf: () => undefined });
}

/** The signals as `type repository:tag`, or the error. */
function told(sender: WebhookSender, body: unknown): readonly string[] | string {
  const reading = read(sender, body);
  return reading.ok ? reading.value.signals.map(asText) : reading.error;
}

function asText({ type, repository, tag }: Signal): string {
  return `${type} ${repositoryKey(repository)}:${tag}`;
}

function aPush(target: object, event: object = {}): object {
  return {
    action: 'push',
    target: { mediaType: MANIFEST, repository: 'team/app', tag: '1.2.3', ...target },
    ...event,
  };
}

const HOST = { request: { host: 'registry.example.com' } };

describe('which sender is recognised by shape', () => {
  it.each([
    ['Docker Hub', { push_data: { tag: '1' }, repository: { repo_name: 'a/b' } }, 'dockerhub'],
    ['a registry notification', { events: [] }, 'distribution'],
    ['the flat form', { repository: 'a/b', tag: '1' }, 'generic'],
    ['an object without a known member', { hello: 'world' }, undefined],
    ['events that are no list', { events: 'push' }, undefined],
    ['Docker Hub without a repository', { push_data: { tag: '1' } }, undefined],
    ['a flat form whose tag is a number', { repository: 'a/b', tag: 1 }, undefined],
    ['null', null, undefined],
    ['a list', [], undefined],
    ['a number', 7, undefined],
    ['a string', 'events', undefined],
    ['keys that only the prototype has', JSON.parse('{"__proto__":{"events":[]}}'), undefined],
  ])('%s', (_name, body, expected) => {
    const message = { headers: new Headers(), body };

    expect(WEBHOOK_SENDERS.find((sender) => sender.recognises(message))?.name).toBe(expected);
  });

  it('gives every sender a path of its own', () => {
    const names = WEBHOOK_SENDERS.map(({ name }) => name);

    expect(new Set(names).size).toBe(names.length);
    expect(names.every((name) => /^[a-z]+$/.test(name) && name !== 'registry')).toBe(true);
  });
});

describe('Docker Hub', () => {
  const hub = (tag: unknown, repository: object, push: object = {}) => ({
    push_data: { tag, ...push },
    repository,
  });

  it.each([
    [
      'the sample of the readme, without namespace and name',
      hub('v1.2.3', { repo_name: 'myimage' }),
      ['image docker.io/library/myimage:v1.2.3'],
    ],
    [
      'a whole body',
      hub(
        'latest',
        { repo_name: 'team/app', namespace: 'team', name: 'app' },
        { pushed_at: 1417566161, pusher: 'x' },
      ),
      ['image docker.io/team/app:latest'],
    ],
    [
      'pushed_at as a float',
      hub('1', { repo_name: 'team/app' }, { pushed_at: 1.417566161e9 + 0.25 }),
      ['image docker.io/team/app:1'],
    ],
    ['an official image', hub('1', { repo_name: 'library/nginx' }), ['image docker.io/library/nginx:1']],
    [
      'a name with the host in front',
      hub('1', { repo_name: 'index.docker.io/team/app' }),
      ['image docker.io/team/app:1'],
    ],
    [
      'namespace and name instead of repo_name',
      hub('1', { namespace: 'team', name: 'app' }),
      ['image docker.io/team/app:1'],
    ],
    [
      'a chart',
      hub('1.0.0', { repo_name: 'team/chart' }, { media_type: HELM_CONFIG }),
      ['chart docker.io/team/chart:1.0.0'],
    ],
    ['a tag that no registry can hold', hub('v1.2.3-rc1+build.123', { repo_name: 'my-org/my-app-name' }), []],
    ['a signature', hub('sha256-4afff550.sig', { repo_name: 'team/app' }), []],
    ['no repo_name', hub('1', { namespace: 'team' }), 'repository.repo_name is missing'],
    [
      'a tag that is a number',
      hub(1, { repo_name: 'team/app' }),
      'push_data.tag and repository.repo_name must be strings',
    ],
    [
      'no push_data',
      { repository: { repo_name: 'a/b' } },
      'push_data.tag and repository.repo_name must be strings',
    ],
  ])('%s', (_name, body, expected) => {
    expect(told(dockerhub, body)).toEqual(expected);
  });
});

describe('registry notifications: host and repository', () => {
  const url = (host: string) => `https://${host}/v2/team/app/manifests/${DIGEST}`;

  it.each([
    [
      'the host of target.url',
      aPush({ url: url('registry.git.example.com') }, { request: { host: 'inner' } }),
      'registry.git.example.com/team/app',
    ],
    ['with its port', aPush({ url: url('reg.example.com:5000') }), 'reg.example.com:5000/team/app'],
    ['without the default port', aPush({ url: url('reg.example.com:443') }), 'reg.example.com/team/app'],
    [
      'with port 80, which an image must name',
      aPush({ url: 'http://reg.example.com:80/v2/x' }),
      'reg.example.com:80/team/app',
    ],
    [
      'without a user in the URL',
      aPush({ url: url('me:secret@reg.example.com') }),
      'reg.example.com/team/app',
    ],
    ['an IPv6 host', aPush({ url: url('[::1]:5000') }), '[::1]:5000/team/app'],
    [
      'else the host of the request',
      aPush({}, { request: { host: 'reg.example.com:5000' } }),
      'reg.example.com:5000/team/app',
    ],
    [
      'a single component is no Docker Hub image there',
      aPush({ repository: 'nginx' }, HOST),
      'registry.example.com/nginx',
    ],
    [
      'library on another host is nothing special',
      aPush({ repository: 'library/nginx' }, HOST),
      'registry.example.com/library/nginx',
    ],
    [
      'the host in front of the repository is taken off',
      aPush({ repository: 'registry.example.com/team/app' }, HOST),
      'registry.example.com/team/app',
    ],
    [
      'a mirror keeps another host in its path',
      aPush({ repository: 'gcr.io/project/image' }, HOST),
      'registry.example.com/gcr.io/project/image',
    ],
    [
      'a host with a port in the repository counts',
      aPush({ repository: 'reg:5000/app' }, HOST),
      'reg:5000/app',
    ],
    [
      'no host at all: the name decides',
      aPush({ repository: 'gcr.io/project/image' }),
      'gcr.io/project/image',
    ],
    ['no host at all and none in the name', aPush({ repository: 'nginx' }), 'docker.io/library/nginx'],
    [
      'a URL that is none falls back to the request',
      aPush({ url: 'nonsense' }, HOST),
      'registry.example.com/team/app',
    ],
    ['a URL of the wrong type too', aPush({ url: 7 }, HOST), 'registry.example.com/team/app'],
  ])('%s', (_name, event, expected) => {
    expect(told(distribution, { events: [event] })).toEqual([`image ${expected}:1.2.3`]);
  });
});

describe('registry notifications: what is news', () => {
  it.each([
    ['a push with a tag', [aPush({}, HOST)], ['image registry.example.com/team/app:1.2.3']],
    ['no events', [], []],
    ['a pull', [{ ...aPush({}, HOST), action: 'pull' }], []],
    ['a delete', [{ action: 'delete', target: { repository: 'team/app', digest: DIGEST } }], []],
    ['a mount, without anything else', [{ action: 'mount' }], []],
    ['a manifest without a tag', [aPush({ tag: undefined }, HOST)], []],
    ['an empty tag', [aPush({ tag: '' }, HOST)], []],
    ['a tag that is null', [aPush({ tag: null }, HOST)], []],
    ['a layer', [aPush({ mediaType: LAYER, tag: undefined }, HOST)], []],
    ['a layer, even with a tag', [aPush({ mediaType: LAYER }, HOST)], []],
    ['a tag that is the digest', [aPush({ tag: DIGEST, digest: DIGEST }, HOST)], []],
    ['a cosign signature', [aPush({ tag: `${DIGEST.replace(':', '-')}.sig` }, HOST)], []],
    ['an attestation', [aPush({ tag: `${DIGEST.replace(':', '-')}.att` }, HOST)], []],
    ['the referrers tag of OCI', [aPush({ tag: DIGEST.replace(':', '-') }, HOST)], []],
    [
      'an OCI index',
      [aPush({ mediaType: 'application/vnd.oci.image.index.v1+json' }, HOST)],
      ['image registry.example.com/team/app:1.2.3'],
    ],
    ['no media type', [aPush({ mediaType: undefined }, HOST)], ['image registry.example.com/team/app:1.2.3']],
    [
      'a chart, told by its config among the references',
      [
        aPush(
          {
            mediaType: 'application/vnd.oci.image.manifest.v1+json',
            references: [{ mediaType: HELM_CONFIG }],
          },
          HOST,
        ),
      ],
      ['chart registry.example.com/team/app:1.2.3'],
    ],
    [
      'a chart, told by artifact type',
      [aPush({ artifactType: HELM_CONFIG }, HOST)],
      ['chart registry.example.com/team/app:1.2.3'],
    ],
    [
      'a chart, told by the media type itself',
      [aPush({ mediaType: HELM_CONFIG }, HOST)],
      ['chart registry.example.com/team/app:1.2.3'],
    ],
    [
      'two pushes, in order',
      [aPush({ repository: 'app1', tag: 'v1' }, HOST), aPush({ repository: 'app2', tag: 'v2' }, HOST)],
      ['image registry.example.com/app1:v1', 'image registry.example.com/app2:v2'],
    ],
    [
      'the same push twice',
      [aPush({}, HOST), aPush({}, HOST)],
      ['image registry.example.com/team/app:1.2.3'],
    ],
    [
      'a malformed event among good ones',
      [
        7,
        null,
        {},
        aPush({ repository: 5 }),
        aPush({ tag: 5 }),
        aPush({ repository: 'A B' }, HOST),
        aPush({}, HOST),
      ],
      ['image registry.example.com/team/app:1.2.3'],
    ],
  ])('%s', (_name, events, expected) => {
    expect(told(distribution, { events })).toEqual(expected);
  });

  it('says why it ignored an entry', () => {
    const reading = read(distribution, { events: [aPush({ repository: 5 }), { action: 'pull' }] });

    expect(reading).toEqual({
      ok: true,
      value: {
        signals: [],
        ignored: [
          'events[0].target.repository must be a string, and target.tag too where there is one',
          'events[1] is a "pull", not a push',
        ],
      },
    });
  });

  it.each([
    ['only malformed events', { events: [{ target: {} }] }, 'events[0].action must be a string'],
    [
      'a repository that is none',
      { events: [aPush({ repository: '../etc' }, HOST)] },
      '".." is not a repository path component (lower-case letters, digits, . _ -)',
    ],
    ['events that are no list', { events: {} }, 'events must be an array'],
    ['no events', {}, 'events must be an array'],
    [
      'too many events',
      { events: Array.from({ length: MAX_ENTRIES_PER_BODY + 1 }, () => ({ action: 'pull' })) },
      'it has 1001 entries; at most 1000 are read from one body',
    ],
  ])('refuses %s', (_name, body, expected) => {
    expect(told(distribution, body)).toBe(expected);
  });

  it('reads as many events as it promises', () => {
    const events = Array.from({ length: MAX_ENTRIES_PER_BODY }, (_, i) => aPush({ tag: `1.0.${i}` }, HOST));

    expect(told(distribution, { events })).toHaveLength(MAX_ENTRIES_PER_BODY);
  });

  it('passes a digest on, and leaves out what is none', () => {
    const digests = [aPush({ digest: DIGEST }), aPush({ digest: 'sha256:abc123', tag: '2' })];
    const reading = read(distribution, { events: digests });

    expect(reading.ok && reading.value.signals.map(({ digest }) => digest)).toEqual([DIGEST, undefined]);
  });

  it('names GitLab on its own path', () => {
    const reading = read(gitlab, { events: [aPush({}, HOST)] });

    expect(reading.ok && reading.value.signals[0]?.sender).toBe('gitlab');
  });
});

describe('the flat form', () => {
  it.each([
    ['repository and tag', { repository: 'team/app', tag: '1' }, ['image docker.io/team/app:1']],
    [
      'the host in the repository',
      { repository: 'reg.example.com:5000/app', tag: '1' },
      ['image reg.example.com:5000/app:1'],
    ],
    [
      'the host apart',
      { registry: 'reg.example.com', repository: 'team/app', tag: '1' },
      ['image reg.example.com/team/app:1'],
    ],
    [
      'the host as a URL',
      { registry: 'https://reg.example.com/', repository: 'team/app', tag: '1' },
      ['image reg.example.com/team/app:1'],
    ],
    [
      'the host with the start of the path',
      { registry: 'reg.example.com/team', repository: 'app', tag: '1' },
      ['image reg.example.com/team/app:1'],
    ],
    [
      'the host twice',
      { registry: 'reg.example.com', repository: 'reg.example.com/team/app', tag: '1' },
      ['image reg.example.com/team/app:1'],
    ],
    [
      'the host in the image only',
      { repository: 'team/app', tag: '1', image: 'reg.example.com/team/app:1' },
      ['image reg.example.com/team/app:1'],
    ],
    [
      'an image that is something else',
      { repository: 'team/app', tag: '1', image: 'web' },
      ['image docker.io/team/app:1'],
    ],
    [
      'Docker Hub by name',
      { registry: 'docker.io', repository: 'nginx', tag: '1' },
      ['image docker.io/library/nginx:1'],
    ],
    [
      'a chart',
      { repository: 'reg.example.com/charts/app', tag: '1.0.0', mediaType: HELM_CONFIG },
      ['chart reg.example.com/charts/app:1.0.0'],
    ],
    ['an empty tag', { repository: 'team/app', tag: '' }, []],
    [
      'optional members of wrong types',
      { repository: 'team/app', tag: '1', registry: 5, image: {}, digest: [] },
      ['image docker.io/team/app:1'],
    ],
    ['no tag', { repository: 'team/app' }, 'repository and tag must be strings'],
    [
      'a tag in the repository',
      { repository: 'team/app:1', tag: '1' },
      '"app:1" is not a repository path component (lower-case letters, digits, . _ -)',
    ],
    [
      'a registry that is none',
      { registry: 'not a host', repository: 'app', tag: '1' },
      '"not a host" is not a registry host',
    ],
  ])('%s', (_name, body, expected) => {
    expect(told(generic, body)).toEqual(expected);
  });
});

describe('whatever comes', () => {
  it('no sender ever throws, and every signal is one that a registry can be asked about', () => {
    const anything = fc.anything({ maxDepth: 4 });
    const nearly = fc.record(
      {
        events: fc.array(
          fc.record(
            {
              action: fc.oneof(fc.constant('push'), anything),
              target: fc.oneof(
                fc.record(
                  { repository: fc.string(), tag: fc.string(), url: fc.string(), mediaType: anything },
                  { requiredKeys: [] },
                ),
                anything,
              ),
              request: fc.oneof(fc.record({ host: fc.string() }), anything),
            },
            { requiredKeys: [] },
          ),
        ),
        push_data: fc.record({ tag: fc.string() }),
        repository: fc.oneof(fc.string(), fc.record({ repo_name: fc.string() })),
        tag: fc.string(),
        registry: fc.string(),
        image: fc.string(),
      },
      { requiredKeys: [] },
    );

    fc.assert(
      fc.property(fc.oneof(anything, nearly), (body) => {
        for (const sender of WEBHOOK_SENDERS) {
          sender.recognises({ headers: new Headers(), body });
          const reading = read(sender, body);
          if (!reading.ok) continue;
          for (const { repository, tag } of reading.value.signals) {
            expect(tag).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/);
            expect(repositoryKey(repository)).not.toMatch(/[\s@?#]|\.\.\/|^\//);
          }
        }
      }),
    );
  });
});
