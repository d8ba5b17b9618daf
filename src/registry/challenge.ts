/**
 * One challenge of a `WWW-Authenticate` header. Seen in the wild:
 *
 *   Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull"
 *   Bearer realm="https://quay.io/v2/auth",service="quay.io"                                    (no scope)
 *   Bearer realm="https://us-central1-docker.pkg.dev/v2/token"                                  (neither)
 *   Bearer realm="https://uk-london-1.ocir.io/12345678/docker/token",service="uk-london-1.ocir.io",scope=""
 *   Bearer realm="https://auth.example.com/token",service="r",scope="repository:a/b:pull,push"  (quoted commas)
 *   BASIC realm="Sonatype Nexus Repository Manager"                                             (any case, realm is no URL)
 *   Basic realm="harbor"                         (Harbor, also after a Bearer token whose scope did not suffice)
 */
export interface Challenge {
  /** Lower-case: `bearer`, `basic`, … */
  readonly scheme: string;
  /** By lower-case name, unquoted; where a name comes twice, the first counts. */
  readonly parameters: ReadonlyMap<string, string>;
}

const MAX_HEADER_LENGTH = 16_384;

// Sticky, and none of them can match the same text in two ways: the time is linear in the header's length.
const SEPARATORS = /[\s,]*/y;
const PARAMETER = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|(?!")([^\s,"]*))/y;
const SCHEME = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?=[\s,]|$)/y;
const TOKEN68 = /[ \t]+[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;

/**
 * Reads a `WWW-Authenticate` header (RFC 9110 §11.6.1): several challenges may stand in one header, or in several
 * that were joined by commas, so a comma may part two parameters as well as two challenges. What follows the first
 * thing that is neither is ignored; text longer than 16 KiB is cut. Never throws.
 */
export function parseChallenges(header: string): readonly Challenge[] {
  const text = header.slice(0, MAX_HEADER_LENGTH);
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  let position = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = position;
    const match = pattern.exec(text) ?? undefined;
    if (match !== undefined) position = pattern.lastIndex;
    return match;
  };
  for (take(SEPARATORS); position < text.length; take(SEPARATORS)) {
    const current = challenges.at(-1);
    const parameter = current === undefined ? undefined : take(PARAMETER);
    if (current !== undefined && parameter !== undefined) {
      const name = (parameter[1] ?? '').toLowerCase();
      if (!current.parameters.has(name)) current.parameters.set(name, parameterValue(parameter));
      continue;
    }
    const scheme = take(SCHEME);
    if (scheme === undefined) break;
    challenges.push({ scheme: (scheme[1] ?? '').toLowerCase(), parameters: new Map() });
    take(TOKEN68);
  }
  return challenges;
}

function parameterValue(match: RegExpExecArray): string {
  const quoted = match[2];
  // Some servers leave the quotes out although the value (a URL) is no RFC 9110 token.
  return quoted === undefined ? (match[3] ?? '') : quoted.replaceAll(/\\(.)/g, '$1');
}
