import type { WebhookSample } from './webhook-sample.ts';

const HEX = '4afff550708506c5b8b7384ad10d401a02b29ed587cb2730cb02753095b5178d';
const DIGEST = `sha256:${HEX}`;
const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const LAYER = 'application/vnd.docker.container.image.rootfs.diff+x-gtar';
const GITEA_USER = { id: 1, login: 'gitea', login_name: '', full_name: '', username: 'gitea' };

const REGISTRY_PUSH = {
  id: 'd83e8796-7ba5-46ad-b239-d88473e21b2b',
  timestamp: '2018-10-11T13:53:21.859222576Z',
  action: 'push',
  target: {
    mediaType: MANIFEST,
    size: 2206,
    digest: DIGEST,
    length: 2206,
    repository: 'shinebayar-g/a',
    url: `https://registry.git.erxes.io/v2/shinebayar-g/a/manifests/${DIGEST}`,
    tag: '0.01',
  },
  request: { addr: '46.101.177.27', host: 'registry.git.erxes.io', method: 'PUT', useragent: 'docker/18.06' },
  actor: { name: 'shinebayar-g' },
  source: { addr: 'git.erxes.io:5000' },
};

function aRegistryEvent(mediaType: string, url: string) {
  return {
    id: 'asdf-asdf-asdf-asdf-0',
    timestamp: '2006-01-02T15:04:05Z',
    action: 'push',
    target: {
      mediaType,
      digest: `sha256:${'fea8895f'.repeat(8)}`,
      length: 1,
      repository: 'library/test',
      url,
    },
    request: { id: 'asdfasdf', addr: 'client.local', host: 'registrycluster.local', method: 'PUT' },
    actor: { name: 'test-actor' },
    source: { addr: 'hostname.local:port' },
  };
}

const HARBOR_RESOURCES = [
  {
    digest: 'sha256:8a9e9863dbb6e10edb5adfe917c00da84e1700fa76e7ed02476aa6e6fb8ee0d8',
    tag: 'latest',
    resource_url: 'hub.harbor.com/test-webhook/debian:latest',
  },
];
const HARBOR_REPOSITORY = {
  date_created: 1_586_922_308,
  name: 'debian',
  namespace: 'test-webhook',
  repo_full_name: 'test-webhook/debian',
  repo_type: 'private',
};
const HARBOR_SIGNAL =
  'image hub.harbor.com/test-webhook/debian:latest@sha256:8a9e9863dbb6e10edb5adfe917c00da84e1700fa76e7ed02476aa6e6fb8ee0d8';

/** Registries that one runs oneself, and Quay. */
export const OWN_SAMPLES: readonly WebhookSample[] = [
  {
    name: 'Harbor: PUSH_ARTIFACT',
    sender: 'harbor',
    body: {
      type: 'PUSH_ARTIFACT',
      occur_at: 1_586_922_308,
      operator: 'admin',
      event_data: { resources: HARBOR_RESOURCES, repository: HARBOR_REPOSITORY },
    },
    signals: [HARBOR_SIGNAL],
  },
  {
    name: 'Harbor: pushImage of 1.x',
    sender: 'harbor',
    body: {
      type: 'pushImage',
      occur_at: 1_586_922_308,
      operator: 'admin',
      event_data: { resources: HARBOR_RESOURCES, repository: HARBOR_REPOSITORY },
    },
    signals: [HARBOR_SIGNAL],
  },
  {
    name: 'Harbor: CloudEvents',
    sender: 'harbor',
    headers: { 'content-type': 'application/cloudevents+json' },
    body: {
      specversion: '1.0',
      id: '66e18103-09c1-41f6-982f-37df223f3eeb',
      requestid: '51c0b694-0168-4f3c-b0db-282565455d7b',
      source: '/projects/2/webhook/policies/15',
      type: 'harbor.artifact.pushed',
      datacontenttype: 'application/json',
      time: '2023-04-03T06:04:46Z',
      data: { resources: HARBOR_RESOURCES, repository: HARBOR_REPOSITORY },
      operator: 'admin',
    },
    signals: [HARBOR_SIGNAL],
  },
  {
    name: 'Quay: push',
    sender: 'quay',
    body: {
      name: 'repository',
      repository: 'dgangaia/test',
      namespace: 'dgangaia',
      docker_url: 'quay.io/dgangaia/test',
      homepage: 'https://quay.io/repository/dgangaia/repository',
      updated_tags: ['latest'],
    },
    signals: ['image quay.io/dgangaia/test:latest'],
  },
  {
    name: 'Quay: build',
    sender: 'quay',
    body: {
      build_id: '296ec063-5f86-4706-a469-f0a400bf9df2',
      trigger_kind: 'github',
      name: 'test',
      repository: 'dgangaia/test',
      namespace: 'dgangaia',
      docker_url: 'quay.io/dgangaia/test',
      docker_tags: ['master', 'latest'],
      build_name: 'b7f7d2b',
    },
    signals: [],
    ignored: ['a Quay event without updated_tags, so not a push'],
  },
  {
    name: 'distribution: push with a tag',
    sender: 'distribution',
    headers: { 'content-type': 'application/vnd.docker.distribution.events.v2+json' },
    body: { events: [REGISTRY_PUSH] },
    signals: [`image registry.git.erxes.io/shinebayar-g/a:0.01@${DIGEST}`],
  },
  {
    name: 'distribution: a manifest without a tag and two layers',
    sender: 'distribution',
    body: {
      events: [
        aRegistryEvent(MANIFEST, 'https://example.com/v2/library/test/manifests/sha256:c3b3'),
        aRegistryEvent(LAYER, 'https://example.com/v2/library/test/blobs/sha256:c3b3'),
        aRegistryEvent(LAYER, 'https://example.com/v2/library/test/blobs/sha256:c3b4'),
      ],
    },
    signals: [],
    ignored: ['a push without a tag', 'events[1] is a push of a layer', 'events[2] is a push of a layer'],
  },
  {
    name: 'Gitea: container created',
    sender: 'gitea',
    headers: {
      'x-gitea-event': 'package',
      'x-gogs-event': 'package',
      'x-github-event': 'package',
      'x-gitea-delivery': 'f6266f16-1bf3-46a5-9ea4-602e06ead473',
    },
    body: {
      action: 'created',
      repository: null,
      package: {
        id: 42,
        owner: GITEA_USER,
        repository: null,
        creator: GITEA_USER,
        type: 'container',
        name: 'hello-world',
        version: 'v1.0.0',
        html_url: 'https://gitea.example.com/gitea/-/packages/container/hello-world/v1.0.0',
        created_at: '2026-01-01T00:00:00Z',
      },
      organization: null,
      sender: GITEA_USER,
    },
    signals: ['image gitea.example.com/gitea/hello-world:v1.0.0'],
  },
  {
    name: 'Artifactory: docker pushed',
    sender: 'jfrog',
    body: {
      domain: 'docker',
      event_type: 'pushed',
      data: {
        repo_key: 'docker-remote-cache',
        event_type: 'pushed',
        path: 'library/ubuntu/latest/list.manifest.json',
        name: 'list.manifest.json',
        sha256: '35c4a2c15539c6c1e4e5fa4e554dac323ad0107d8eb5c582d6ff386b383b7dce',
        size: 1206,
        image_name: 'library/ubuntu',
        tag: 'latest',
        platforms: [
          { architecture: 'amd64', os: 'linux' },
          { architecture: 'arm64', os: 'linux' },
        ],
      },
      subscription_key: 'test',
      jpd_origin: 'https://example.jfrog.io',
      source: 'jfrog/user@example.com',
    },
    signals: [
      'image example.jfrog.io/docker-remote-cache/library/ubuntu:latest@sha256:35c4a2c15539c6c1e4e5fa4e554dac323ad0107d8eb5c582d6ff386b383b7dce',
    ],
  },
  {
    name: 'Nexus: docker component created',
    sender: 'nexus',
    headers: { 'x-nexus-webhook-id': 'rm:repository:component' },
    body: {
      timestamp: '2026-01-01T00:00:00.000+0000',
      nodeId: '52905B51-085CCABB-CEBBEAAD-16795588-FC927D93',
      initiator: 'admin/127.0.0.1',
      repositoryName: 'docker-hosted',
      action: 'CREATED',
      component: {
        id: '08909bf0c86cf6c9600aade89e1c5e25',
        componentId: 'ZG9ja2VyLWhvc3RlZDowODkwOWJmMGM4NmNmNmM5NjAwYWFkZTg5ZTFjNWUyNQ',
        format: 'docker',
        name: 'team/app',
        group: null,
        version: '1.2.3',
      },
    },
    signals: ['image docker.example.com:8443/team/app:1.2.3'],
  },
  {
    name: 'zot: image updated',
    sender: 'zot',
    headers: {
      'ce-specversion': '1.0',
      'ce-type': 'zotregistry.image.updated',
      'ce-source': 'zotregistry.dev',
      'ce-id': '7c1f3c5e-4a9d-4a0e-8a8f-0c9c2b7b3f11',
    },
    body: {
      name: 'team/app',
      reference: '1.2.3',
      digest: DIGEST,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      manifest: JSON.stringify({
        schemaVersion: 2,
        config: { mediaType: 'application/vnd.oci.image.config.v1+json', size: 2 },
        layers: [],
      }),
    },
    signals: [`image zot.example.com/team/app:1.2.3@${DIGEST}`],
  },
];
