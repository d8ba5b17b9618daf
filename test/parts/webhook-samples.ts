import type { WebhookSample } from './webhook-sample.ts';
import { CLOUD_SAMPLES } from './webhook-samples-cloud.ts';
import { OWN_SAMPLES } from './webhook-samples-own.ts';

/** Hosts as an operator configures them for the senders that do not say theirs. */
export const SAMPLE_HOSTS: ReadonlyMap<string, string> = new Map([
  ['nexus', 'docker.example.com:8443'],
  ['zot', 'zot.example.com'],
]);

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

/** GitHub's package event: `tag` is empty for every manifest without one, as the children of a multi-arch image. */
function aGitHubPackage({ tag, kind }: { readonly tag: string; readonly kind: readonly [string, string] }) {
  const [ecosystem, packageType] = kind;
  return {
    id: 10_696,
    name: 'hello-world-npm',
    namespace: 'Codertocat/hello-world',
    description: null,
    ecosystem,
    package_type: packageType,
    html_url: 'https://github.com/Codertocat/hello-world/packages/10696',
    owner: { login: 'Codertocat', id: 21_031_067, type: 'User', site_admin: false },
    package_version: {
      id: 57_755_790,
      version: 'sha256:3da1996a8115d7616457760d9920b815241d0a03b34cf5f04e9a0e9d8de37498',
      name: 'sha256:3da1996a8115d7616457760d9920b815241d0a03b34cf5f04e9a0e9d8de37498',
      manifest: '',
      metadata: [],
      container_metadata: {
        tag: { name: tag, digest: 'sha256:6c62fb45fe66bfb1ea9a66abc38f6a0cc974292b' },
        labels: { description: 'Hello-World in a docker container', licenses: '' },
        manifest: {
          digest: 'sha256:6c62fb45fe66bfb1ea9a66abc38f6a0cc974292b',
          media_type: MANIFEST,
          size: 1782,
          config: { media_type: 'application/vnd.docker.container.image.v1+json', size: 7205 },
          layers: [{ media_type: 'application/vnd.docker.image.rootfs.diff.tar.gzip', size: 26_576_195 }],
        },
      },
      package_files: [],
      installation_command: `docker pull ghcr.io/Codertocat/hello-world:${tag}`,
      package_url: `ghcr.io/Codertocat/hello-world:${tag}`,
    },
    registry: { name: 'GitHub CONTAINER registry', type: 'CONTAINER', vendor: 'GitHub Inc' },
  };
}

const CONTAINER = ['CONTAINER', 'CONTAINER'] as const;
const GITHUB_REPOSITORY = { id: 185_882_436, full_name: 'Codertocat/hello-world-npm', private: true };
const TAGGED =
  'image ghcr.io/codertocat/hello-world:v1.0.0@sha256:3da1996a8115d7616457760d9920b815241d0a03b34cf5f04e9a0e9d8de37498';

const HUB_SAMPLES: readonly WebhookSample[] = [
  {
    name: 'Docker Hub: push',
    sender: 'dockerhub',
    body: {
      callback_url:
        'https://registry.hub.docker.com/u/svendowideit/testhook/hook/2141b5bi5i5b02bec211i4eeih0242eg11000a/',
      push_data: { pushed_at: 1_417_566_161, pusher: 'trustedbuilder', tag: 'latest' },
      repository: {
        comment_count: 0,
        description: '',
        dockerfile: '#\n# BUILD\t\tdocker build -t svendowideit/apt-cacher .\n',
        is_official: false,
        name: 'testhook',
        namespace: 'svendowideit',
        owner: 'svendowideit',
        repo_name: 'svendowideit/testhook',
        repo_url: 'https://registry.hub.docker.com/u/svendowideit/testhook/',
        status: 'Active',
      },
    },
    signals: ['image docker.io/svendowideit/testhook:latest'],
  },
  {
    name: 'GHCR: package without a tag',
    sender: 'ghcr',
    headers: { 'x-github-event': 'package', 'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958' },
    body: {
      action: 'published',
      package: aGitHubPackage({ tag: '', kind: ['docker', 'npm'] }),
      repository: GITHUB_REPOSITORY,
      sender: { login: 'github-actions[bot]' },
    },
    signals: [],
    ignored: ['a push without a tag'],
  },
  {
    name: 'GHCR: package with a tag',
    sender: 'ghcr',
    headers: { 'x-github-event': 'package' },
    body: {
      action: 'published',
      package: aGitHubPackage({ tag: 'v1.0.0', kind: CONTAINER }),
      repository: GITHUB_REPOSITORY,
      organization: { login: 'Octocoders' },
    },
    signals: [TAGGED],
  },
  {
    name: 'GHCR: registry_package with a tag',
    sender: 'ghcr',
    headers: { 'x-github-event': 'registry_package' },
    body: {
      action: 'published',
      registry_package: aGitHubPackage({ tag: 'v1.0.0', kind: CONTAINER }),
      repository: GITHUB_REPOSITORY,
    },
    signals: [TAGGED],
  },
  {
    name: 'the flat form',
    sender: 'generic',
    body: { repository: 'registry.example.com/team/app', tag: '1.2.3' },
    signals: ['image registry.example.com/team/app:1.2.3'],
  },
];

/** What every known sender sends, as its documentation or its source shows it, cut to what could matter. */
export const WEBHOOK_SAMPLES: readonly WebhookSample[] = [...HUB_SAMPLES, ...OWN_SAMPLES, ...CLOUD_SAMPLES];
