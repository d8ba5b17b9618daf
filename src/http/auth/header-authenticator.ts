import { fail, ok, type Result } from '../../core/result.ts';
import type { Authenticator, Caller } from '../auth.ts';
import type { Problem } from '../problem.ts';
import { notNamed } from './problems.ts';
import type { TrustedProxies } from './trusted-proxies.ts';

export interface HeaderAuthenticatorOptions {
  /** Holds the user's name. */
  readonly header: string;
  /** Holds the user's groups, separated by commas; none are known without it. */
  readonly groupsHeader?: string | undefined;
  readonly proxies: TrustedProxies;
}

const MAX_NAME = 256;
const MAX_GROUPS = 500;
/** Names that Kubernetes gives itself: no proxy may hand them out, or it would hand out the cluster. */
const RESERVED = 'system:';

/**
 * Modes `simple` and `proxy`: whoever the header names, if a trusted proxy has written it. A header that comes twice is
 * refused, since one of them may be the caller's own.
 */
export function createHeaderAuthenticator(options: HeaderAuthenticatorOptions): Authenticator {
  const { header, groupsHeader, proxies } = options;

  const judge = (caller: Caller): ReturnType<Authenticator['authenticate']> => {
    if (!proxies.includes(caller.remoteAddress))
      return refuse(`The request does not come from one of HEADWIND_TRUSTED_PROXIES, which name users here.`);
    const name = readHeader(caller, header);
    if (!name.ok) return Promise.resolve(name);
    const username = name.value?.trim() ?? '';
    if (username === '') return refuse(`The proxy sent no ${header} header, or an empty one.`);
    if (!isName(username))
      return refuse(`The ${header} header is not a name of at most ${MAX_NAME} characters.`);
    if (username.startsWith(RESERVED))
      return refuse(`Names that begin with ${RESERVED} are Kubernetes' own; the ${header} header holds one.`);
    const groups = groupsHeader === undefined ? ok(undefined) : readHeader(caller, groupsHeader);
    if (!groups.ok) return Promise.resolve(groups);
    return Promise.resolve(ok({ kind: 'known', username, groups: groupsOf(groups.value) }));
  };

  return { authenticate: (caller) => judge(caller) };
}

function refuse(detail: string): ReturnType<Authenticator['authenticate']> {
  return Promise.resolve(fail(notNamed(detail)));
}

function readHeader(caller: Caller, name: string): Result<string | undefined, Problem> {
  const raw = caller.rawHeaders ?? [];
  const times = raw.filter((text, at) => at % 2 === 0 && text.toLowerCase() === name.toLowerCase()).length;
  if (times > 1) return fail(notNamed(`The ${name} header came ${times} times.`));
  const value = caller.headers.get(name);
  return ok(value == null ? undefined : decode(value));
}

/** Headers arrive one character for each byte; a name that was written as UTF-8 is read as that. */
function decode(value: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(value, 'latin1'));
  } catch {
    return value;
  }
}

function isName(text: string): boolean {
  return text.length <= MAX_NAME && !/\p{Cc}/u.test(text);
}

function groupsOf(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(',')
    .slice(0, MAX_GROUPS)
    .map((group) => group.trim())
    .filter((group) => group !== '' && isName(group) && !group.startsWith(RESERVED));
}
