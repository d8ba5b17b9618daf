// Values that were computed elsewhere: GitHub's own test value, and HMACs over the exact bytes of the bodies below.

const GITEA_USER = {
  id: 1,
  login: 'gitea',
  login_name: '',
  full_name: '',
  email: 'gitea@noreply.localhost',
  avatar_url: 'https://gitea.example.com/avatars/1',
  username: 'gitea',
};

/** Indented by two, and a line break at the end. */
function asFile(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

export const GITEA_BODY = asFile({
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
});

export const JFROG_BODY = asFile({
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
    platforms: ['amd64', 'arm', 'arm64', 'ppc64le', 's390x'].map((architecture) => ({
      architecture,
      os: 'linux',
    })),
  },
  subscription_key: 'test',
  jpd_origin: 'https://example.jfrog.io',
  source: 'jfrog/user@example.com',
});

export const NEXUS_BODY = asFile({
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
});

export interface SignatureVector {
  readonly name: string;
  readonly sender: string;
  readonly header: string;
  readonly secret: string;
  readonly body: string;
  readonly value: string;
}

const SECRET = 'mysupersecrettoken';
const GITEA_MAC = 'f1c1b935e490a590457c13b8ab44cf8f23bab96a79f59d1c3e496f065e98139b';

export const SIGNATURE_VECTORS: readonly SignatureVector[] = [
  {
    name: 'the example in the documentation of GitHub',
    sender: 'ghcr',
    header: 'X-Hub-Signature-256',
    secret: "It's a Secret to Everybody",
    body: 'Hello, World!',
    value: 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
  },
  {
    name: 'Gitea',
    sender: 'gitea',
    header: 'X-Gitea-Signature',
    secret: SECRET,
    body: GITEA_BODY,
    value: GITEA_MAC,
  },
  {
    name: 'Forgejo',
    sender: 'gitea',
    header: 'X-Forgejo-Signature',
    secret: SECRET,
    body: GITEA_BODY,
    value: GITEA_MAC,
  },
  {
    name: 'Gitea in the manner of GitHub',
    sender: 'gitea',
    header: 'X-Hub-Signature-256',
    secret: SECRET,
    body: GITEA_BODY,
    value: `sha256=${GITEA_MAC}`,
  },
  {
    name: 'Artifactory, signing',
    sender: 'jfrog',
    header: 'X-JFrog-Event-Auth',
    secret: SECRET,
    body: JFROG_BODY,
    value: '7ed5a2d27cf6139a4024e7b0224fccf33ea11bfaf6003785ec1e12ddeb9eb3cd',
  },
  {
    name: 'Artifactory, not signing',
    sender: 'jfrog',
    header: 'X-JFrog-Event-Auth',
    secret: SECRET,
    body: JFROG_BODY,
    value: SECRET,
  },
  {
    name: 'Nexus, over the body without whitespace',
    sender: 'nexus',
    header: 'X-Nexus-Webhook-Signature',
    secret: SECRET,
    body: NEXUS_BODY,
    value: 'f24b23a81f38450feef79db7a5ebadfdaf994fda',
  },
  {
    name: 'Nexus, over the body as it is',
    sender: 'nexus',
    header: 'X-Nexus-Webhook-Signature',
    secret: SECRET,
    body: NEXUS_BODY,
    value: '61e056e5116fdc6deead71ceb9174376cd24041a',
  },
];
