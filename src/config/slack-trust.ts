import { fail, ok, type Result } from '../core/result.ts';
import type { Pattern } from '../core/pattern.ts';
import type { NotificationSettings } from './notification-settings.ts';
import { readSlackSecret } from './notification-values.ts';
import type { ConfigProblem } from './problem.ts';
import { codeOf } from './yaml-document.ts';

/** Who somebody in Slack is for Kubernetes. */
export interface SlackIdentity {
  readonly username: string;
  readonly groups: readonly string[];
}

/** A Slack app whose word counts. */
export interface SlackSigner {
  readonly secret: string;
  /** The namespaces that it counts in; an empty list: all of them. */
  readonly namespaces: readonly Pattern[];
}

/** Who is believed where somebody presses a button in Slack. */
export interface SlackTrust {
  /** None: nobody is believed. */
  readonly signers: readonly SlackSigner[];
  /** By user id, with the workspace before it (`T0123ABCD/U012AB3CD`) or without. */
  readonly users: ReadonlyMap<string, SlackIdentity>;
  /** Whose buttons count; undefined: everybody's. */
  readonly allowedUsers: readonly string[] | undefined;
}

const VARIABLE = 'HEADWIND_SLACK_SIGNING_SECRET_FILE';
const MAX_SECRETS = 10;

/** The signing secrets of the environment and of the file that it names: several, so that one can follow another. */
export async function readSigningSecrets({
  settings,
  readFile,
}: {
  readonly settings: Pick<NotificationSettings, 'slack'>;
  readonly readFile: (path: string) => Promise<string>;
}): Promise<Result<readonly string[], readonly ConfigProblem[]>> {
  const own = signingSecretsWithoutFile(settings);
  const { signingSecretFile: file } = settings.slack;
  if (file === undefined) return ok(own);
  const bad = (expected: string): Result<never, readonly ConfigProblem[]> =>
    fail([{ variable: VARIABLE, value: file, expected }]);
  try {
    const lines = (await readFile(file)).split('\n').map((line) => line.trim());
    const secrets = lines.filter((line) => line !== '');
    const right = secrets.length > 0 && secrets.length <= MAX_SECRETS;
    if (!right || !secrets.every((secret) => readSlackSecret(secret).ok))
      return bad(`a file with 1 to ${MAX_SECRETS} signing secrets of Slack, one a line`);
    return ok([...own, ...secrets]);
  } catch (error) {
    return bad(`a file that can be read${codeOf(error)}`);
  }
}

/** Those of the environment alone. */
export function signingSecretsWithoutFile({ slack }: Pick<NotificationSettings, 'slack'>): readonly string[] {
  return slack.signingSecret === undefined ? [] : [slack.signingSecret];
}

/** Apps that are believed about all namespaces. */
export function signersOf(secrets: readonly string[]): readonly SlackSigner[] {
  return secrets.map((secret) => ({ secret, namespaces: [] }));
}
