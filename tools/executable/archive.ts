import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { file, tar } from '../image/tar.ts';

export interface ArchiveOptions {
  /** What the program is called in the archive, and on a PATH afterwards. */
  readonly name: string;
  readonly content: Buffer;
  /** Headwind's own. */
  readonly license: string;
  /** Those of all that the program holds beside Headwind. */
  readonly thirdParty: string;
  /** When all of it was changed last, in seconds since 1970. */
  readonly epoch: number;
}

/** A download: the program, executable, with the licences, as .tar.gz. The same arguments make the same bytes. */
export async function packArchive({
  name,
  content,
  license,
  thirdParty,
  epoch,
}: ArchiveOptions): Promise<Buffer> {
  const entries = [
    file(`/${name}`, content, 0o755),
    file('/LICENSE', license),
    file('/THIRD-PARTY-LICENSES', thirdParty),
  ];
  return promisify(gzip)(tar(entries, epoch), { level: constants.Z_BEST_COMPRESSION });
}
