import { DEBIAN } from './config.ts';

const MIRROR = /^(?!\s*#).*?(https?:\/\/\S+?\/debian(-security)?)\/?(?=\s|$)/gm;
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * Where apt finds Debian's packages, in the form of sources.list(5): the image's release from the mirrors that the
 * machine's own sources name, else from Debian's. apt checks the signatures as always.
 */
export function aptSources(machineSources: readonly string[]): string {
  const mirrors = machineSources.flatMap((text) => [...text.matchAll(MIRROR)]);
  const mirrorFor = (security: boolean): string | undefined =>
    mirrors.find((match) => (match[2] !== undefined) === security)?.[1];
  const { release } = DEBIAN;
  return [
    stanza(mirrorFor(false) ?? 'http://deb.debian.org/debian', [release, `${release}-updates`]),
    stanza(mirrorFor(true) ?? 'http://deb.debian.org/debian-security', [`${release}-security`]),
  ].join('\n');
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
