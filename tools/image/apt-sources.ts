import { DEBIAN } from './config.ts';

const MIRROR = /^(?!\s*#).*?(https?:\/\/\S+?\/debian(-security)?)\/?(?=[\s"]|$)/gm;
/** What signs Debian's packages; of the package debian-archive-keyring. */
export const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Whether one of these texts (apt's sources, what debootstrap knows) names a mirror of Debian. */
export function namesMirror(texts: readonly string[]): boolean {
  return mirrorIn(texts, false) !== undefined;
}

/**
 * Where apt finds Debian's packages, in the form of sources.list(5): the image's release from the first mirrors that
 * these texts name. apt checks the signatures as always. Throws an Error where none is named.
 */
export function aptSources(texts: readonly string[]): string {
  const mirror = mirrorIn(texts, false);
  if (mirror === undefined)
    throw new Error(
      'no mirror of Debian is among the sources of apt, and debootstrap is not there to name one',
    );
  const { release } = DEBIAN;
  return [
    stanza(mirror, [release, `${release}-updates`]),
    stanza(mirrorIn(texts, true) ?? `${mirror}-security`, [`${release}-security`]),
  ].join('\n');
}

function mirrorIn(texts: readonly string[], security: boolean): string | undefined {
  const mirrors = texts.flatMap((text) => [...text.matchAll(MIRROR)]);
  return mirrors.find((match) => (match[2] !== undefined) === security)?.[1];
}

function stanza(mirror: string, suites: readonly string[]): string {
  return `Types: deb\nURIs: ${mirror}\nSuites: ${suites.join(' ')}\nComponents: main\nSigned-By: ${KEYRING}\n`;
}

/** One package as apt would fetch it. */
export interface Download {
  readonly name: string;
  readonly version: string;
  /** `arm64`, or `all`. */
  readonly architecture: string;
  readonly file: string;
  /** In hexadecimal digits. */
  readonly sha256: string;
}

/** What `apt-get download --print-uris` says: `'URI' NAME_VERSION_ARCH.deb SIZE SHA256:SUM` on each line. */
export function parseDownloads(text: string): readonly Download[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith("'"))
    .map((line) => {
      const [, file = '', , sum = ''] = line.split(' ');
      const [name = '', version = '', architecture = ''] = file.replace(/\.deb$/, '').split('_');
      if (!sum.startsWith('SHA256:') || architecture === '')
        throw new Error(
          `apt-get download --print-uris says ${JSON.stringify(line)}, which is not understood`,
        );
      return {
        name,
        // apt writes the colon behind an epoch so.
        version: version.replace('%3a', ':'),
        architecture,
        file,
        sha256: sum.slice('SHA256:'.length),
      };
    });
}
