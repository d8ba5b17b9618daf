import { describe, expect, it } from 'vitest';
import { formatProblems } from './problem.ts';
import { readWebhookSecrets, secretsWithoutFile, type WebhookSecrets } from './webhook-secrets.ts';

const FILE = '/etc/headwind/secrets.yaml';
const KEY = { kty: 'RSA', kid: 'k1', n: 'AQAB', e: 'AQAB' };

function read(text: string | undefined, common?: string, others: Readonly<Record<string, string>> = {}) {
  const files = new Map([...Object.entries(others), ...(text === undefined ? [] : [[FILE, text] as const])]);
  return readWebhookSecrets({
    common,
    file: text === undefined ? undefined : FILE,
    readFile: async (path) => {
      const found = files.get(path);
      if (found === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return found;
    },
  });
}

async function good(...args: Parameters<typeof read>): Promise<WebhookSecrets> {
  const secrets = await read(...args);
  if (!secrets.ok) throw new Error(formatProblems(secrets.error).join('\n'));
  return secrets.value;
}

async function problems(text: string, others?: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const secrets = await read(text, undefined, others);
  return secrets.ok ? [] : formatProblems(secrets.error).map((line) => line.replace(`${FILE}: `, ''));
}

describe('readWebhookSecrets', () => {
  it('has none where nothing is set', async () => {
    expect(await good(undefined)).toEqual(secretsWithoutFile());
  });

  it('takes one for everybody from the environment', async () => {
    expect(await good(undefined, 'for all')).toMatchObject({ common: ['for all'], own: new Map() });
  });

  it('reads one, several, or a table for each sender', async () => {
    const secrets = await good(
      `
all: [for-all, for-all-as-well]
ghcr: [new, old]
zot: one
harbor: { secrets: Bearer abc }
quay: { secrets: [a, "12345"] }
`,
      'from the environment',
    );
    expect(secrets).toMatchObject({
      common: ['from the environment', 'for-all', 'for-all-as-well'],
      own: new Map([
        ['ghcr', ['new', 'old']],
        ['zot', ['one']],
        ['harbor', ['Bearer abc']],
        ['quay', ['a', '12345']],
      ]),
      oidc: new Map(),
    });
  });

  it('knows how the tokens of Pub/Sub are judged', async () => {
    const email = 'push@project.iam.gserviceaccount.com';
    const { oidc, own } = await good(`gar: { oidc: { audience: https://h.example.com, email: ${email} } }`);
    expect(own.get('gar')).toEqual([]);
    expect(oidc.get('gar')).toEqual({
      audiences: ['https://h.example.com'],
      emails: [email],
      issuers: ['https://accounts.google.com', 'accounts.google.com'],
      leewayMs: 60_000,
      keys: { kind: 'url', url: 'https://www.googleapis.com/oauth2/v3/certs' },
    });
  });

  it('reads everything about tokens, and the keys of a file beside it', async () => {
    const { oidc, own } = await good(
      `
gar:
  secrets: path-token
  oidc: { audience: [a, b], email: [c@d.e, f@g.h], issuer: https://i.example.com, jwksFile: keys.json, leeway: 10s }
`,
      undefined,
      { '/etc/headwind/keys.json': JSON.stringify({ keys: [KEY, { kty: 'EC' }] }) },
    );
    expect(own.get('gar')).toEqual(['path-token']);
    expect(oidc.get('gar')).toEqual({
      audiences: ['a', 'b'],
      emails: ['c@d.e', 'f@g.h'],
      issuers: ['https://i.example.com'],
      leewayMs: 10_000,
      keys: { kind: 'set', keys: [KEY] },
    });
  });

  it('tells other content apart, and the same content not', async () => {
    const [one, same, other, keys] = await Promise.all([
      good('ghcr: a'),
      good('ghcr: [a] # the same'),
      good('ghcr: b'),
      good('ghcr: a\nzot: a'),
    ]);
    expect(one.version).toBe(same.version);
    expect(new Set([one, other, keys].map(({ version }) => version)).size).toBe(3);
  });

  const SECRET = 'a text of 1 to 1024 visible ASCII characters';
  it.each<[string, readonly (string | RegExp)[]]>([
    ['', [/^HEADWIND_WEBHOOK_SECRETS_FILE=.*: expected a table of senders with their secrets$/]],
    ['{}', [/expected a table of senders/]],
    ['hunter2', [/expected a table of senders/]],
    ['[hunter2]', [/expected a table of senders/]],
    ['a: [', [/expected a YAML file \(line 1 is none\)$/]],
    ['ghrc: hunter2', [/^ghrc="…": expected one of all, acr, aliyun, .*, zot$/]],
    ['registry: hunter2', [/^registry="…": expected one of all/]],
    ['ghcr:', [/^ghcr="…": expected a secret or a list of them$/]],
    ['ghcr: 12345', [/^ghcr="…": expected a secret or a list of them$/]],
    ['ghcr: {}', [/^ghcr="…": expected at least one secret$/]],
    ['ghcr: []', [/^ghcr\.secrets="…": expected at least one secret$/]],
    ['ghcr: [hunter2, 12345]', [new RegExp(`^ghcr\\.secrets\\[1\\]="…": expected ${SECRET}`)]],
    ['ghcr: ""', [new RegExp(`^ghcr\\.secrets\\[0\\]="…": expected ${SECRET}`)]],
    ['ghcr: " hunter2"', [new RegExp(`^ghcr\\.secrets\\[0\\]="…": expected ${SECRET}`)]],
    ['ghcr: "hunter2\\n"', [new RegExp(`^ghcr\\.secrets\\[0\\]="…": expected ${SECRET}`)]],
    [
      'ghcr: { secret: hunter2 }',
      [
        /^ghcr\.secret="…": expected nothing: there is no setting of this name$/,
        /^ghcr="…": expected at least one secret$/,
      ],
    ],
    [
      'ghcr: { oidc: {} }',
      [/^ghcr\.oidc="…": expected nothing: there is no setting/, /^ghcr="…": expected at least one secret$/],
    ],
    ['gar: { oidc: hunter2 }', [/^gar\.oidc="…": expected a table of audience, email, issuer/]],
    [
      'gar: { oidc: {} }',
      [/^gar\.oidc\.audience="…": expected the audience/, /^gar\.oidc\.email="…": expected the address/],
    ],
    [
      'gar: { oidc: { audience: a, email: b, jwksUrl: "http://keys.example.com", leeway: 1h } }',
      [
        /^gar\.oidc\.jwksUrl="…": expected an https URL$/,
        /^gar\.oidc\.leeway="…": expected a duration of at most 5m$/,
      ],
    ],
    [
      'gar: { oidc: { audience: a, email: b, jwksFile: none.json } }',
      [/^gar\.oidc\.jwksFile="…": expected the path of a JSON Web Key Set that can be read \(ENOENT\)$/],
    ],
    [
      'gar: { oidc: { audience: a, email: b, jwksFile: bad.json } }',
      [/^gar\.oidc\.jwksFile="…": expected the path of a JSON Web Key Set with RSA keys/],
    ],
    [
      'gar: { oidc: { audience: a, email: b, jwksFile: keys.json, jwksUrl: "https://k.example.com" } }',
      [/^gar\.oidc="…": expected either jwksUrl or jwksFile$/],
    ],
    ['ghrc: a\nzot: [1]\nnexus: " "', [/^ghrc=/, /^zot\.secrets\[0\]=/, /^nexus\.secrets\[0\]=/]],
  ])('%j is refused', async (text, expected) => {
    const found = await problems(text, {
      '/etc/headwind/keys.json': JSON.stringify({ keys: [KEY] }),
      '/etc/headwind/bad.json': '{"keys":[{"kty":"EC"}]}',
    });
    expect(found).toEqual(expected.map((line): unknown => expect.stringMatching(line)));
    expect(found.join('\n')).not.toContain('hunter2');
  });

  it('says that the file is not there', async () => {
    const secrets = await readWebhookSecrets({
      common: undefined,
      file: FILE,
      readFile: () => Promise.reject(Object.assign(new Error('no'), { code: 'EACCES' })),
    });
    expect(secrets.ok ? [] : formatProblems(secrets.error)).toEqual([
      `HEADWIND_WEBHOOK_SECRETS_FILE="${FILE}": expected a file that can be read (EACCES)`,
    ]);
  });
});
