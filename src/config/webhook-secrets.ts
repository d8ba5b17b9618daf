import { createHash } from 'node:crypto';
import { z } from 'zod';
import { fail, ok, type Result } from '../core/result.ts';
import { isWebhookSenderName, WEBHOOK_SENDER_NAMES } from '../core/webhook-sender-name.ts';
import { place, problemsOf } from './document-problems.ts';
import type { ConfigProblem } from './problem.ts';
import { checkEntry, type OidcSettings, type SecretsEntry } from './webhook-secrets-schema.ts';
import { readYamlDocument, type ConfigFile } from './yaml-document.ts';

/** By what webhooks prove who sent them. */
export interface WebhookSecrets {
  /** Of every sender, beside its own. */
  readonly common: readonly string[];
  /** By sender; several, so that one can be replaced by another without a gap. */
  readonly own: ReadonlyMap<string, readonly string[]>;
  readonly oidc: ReadonlyMap<string, OidcSettings>;
  /** The same for the same content; nothing that could be turned back into it. */
  readonly version: string;
}

export interface WebhookSecretsSource {
  /** From `HEADWIND_WEBHOOK_SECRET`. */
  readonly common: string | undefined;
  /** From `HEADWIND_WEBHOOK_SECRETS_FILE`. */
  readonly file: string | undefined;
  readonly readFile: (path: string) => Promise<string>;
}

const VARIABLE = 'HEADWIND_WEBHOOK_SECRETS_FILE';
/** Secrets under this name are everybody's. */
const ALL = 'all';
/** Who proves itself by tokens of an identity provider. */
const TOKEN_SENDER = 'gar';

const Table = z.record(z.string(), z.unknown());

/**
 * Reads the secrets, and the key sets that the file names (relative paths from where it stands). The failure lists all
 * that is wrong, each with its place in the file and without what stands there:
 *
 *     all: a-secret-for-everybody
 *     ghcr: [the-new-one, the-old-one]
 *     harbor: { secrets: [Bearer a-long-random-text] }
 *     gar:
 *       oidc: { audience: https://headwind.example.com/webhook/gar, email: push@project.iam.gserviceaccount.com }
 */
export async function readWebhookSecrets({
  common,
  file,
  readFile,
}: WebhookSecretsSource): Promise<Result<WebhookSecrets, readonly ConfigProblem[]>> {
  if (file === undefined) return ok(secretsWithoutFile(common));
  const document = await readYamlDocument(VARIABLE, { file, readFile });
  if (!document.ok) return fail([document.error]);
  const entries = await readEntries(document.value, { file, readFile });
  return entries.ok ? ok(toSecrets(common, entries.value)) : entries;
}

async function readEntries(
  document: unknown,
  source: ConfigFile,
): Promise<Result<ReadonlyMap<string, SecretsEntry>, readonly ConfigProblem[]>> {
  const table = Table.safeParse(document);
  // An empty file opens nothing: it may be one that is just being written.
  if (!table.success || Object.keys(table.data).length === 0)
    return fail([
      { variable: VARIABLE, value: source.file, expected: 'a table of senders with their secrets' },
    ]);
  const problems: ConfigProblem[] = [];
  const entries = new Map<string, SecretsEntry>();
  for (const [name, written] of Object.entries(table.data)) {
    if (name !== ALL && !isWebhookSenderName(name)) {
      const expected = `one of ${ALL}, ${WEBHOOK_SENDER_NAMES.join(', ')}`;
      problems.push({ variable: place(source.file, [name]), value: HIDDEN, expected });
      continue;
    }
    const entry = await checkEntry(written, name === TOKEN_SENDER, source);
    if (entry.success) entries.set(name, entry.data);
    for (const issue of entry.error?.issues ?? []) {
      const found = problemsOf({ ...issue, path: [name, ...issue.path] }, undefined, source.file);
      problems.push(...found.map((problem) => ({ ...problem, value: HIDDEN })));
    }
  }
  return problems.length === 0 ? ok(entries) : fail(problems);
}

/** Stands for what stands in the file: anything there may be a secret. */
const HIDDEN = '…';

/** What holds where no file is named; without `common` nobody has to prove anything. */
export function secretsWithoutFile(common?: string): WebhookSecrets {
  return toSecrets(common, new Map());
}

function toSecrets(common: string | undefined, entries: ReadonlyMap<string, SecretsEntry>): WebhookSecrets {
  const content = {
    common: [...(common === undefined ? [] : [common]), ...(entries.get(ALL)?.secrets ?? [])],
    own: [...entries]
      .filter(([name]) => name !== ALL)
      .map(([name, { secrets }]) => [name, secrets ?? []] as const),
    oidc: [...entries].flatMap(([name, { oidc }]) => (oidc === undefined ? [] : [[name, oidc] as const])),
  };
  return {
    common: content.common,
    own: new Map(content.own),
    oidc: new Map(content.oidc),
    version: createHash('sha256').update(JSON.stringify(content)).digest('hex'),
  };
}
