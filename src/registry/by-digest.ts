import { absence, undecided, type Told } from './answer.ts';
import type { Asker, Question } from './asker.ts';
import { parseJson, Unavailable } from './failure.ts';

/** Asks about what has this digest. */
export interface ByDigest extends Pick<Question, 'address' | 'identity' | 'signal' | 'urgent'> {
  /** Of a manifest, so that the answer is true for ever. */
  readonly digest: string;
}

export const INDEX_TYPES: readonly string[] = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];
/** Of what is no index: charts and other artifacts come as one of these too. */
export const IMAGE_TYPES: readonly string[] = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/** Asks for a manifest, or for a blob that one names. Throws Unavailable where the answer decides nothing. */
export async function askJson(
  asker: Asker,
  question: ByDigest,
  wanted: { readonly path: string; readonly accept: string; readonly maxBodyBytes: number },
): Promise<Told<unknown>> {
  const { digest, ...rest } = question;
  const { path, accept, maxBodyBytes } = wanted;
  const headers = { accept, 'accept-encoding': 'identity' };
  const reply = await asker.ask({
    ...rest,
    purpose: 'manifest',
    method: 'GET',
    path,
    headers,
    maxBodyBytes,
  });
  if (reply.kind === 'refused') return reply;
  const { response } = reply;
  if (response.status === 404) {
    const { path: repository } = question.address;
    return absence(reply, {
      inRepository: `no image ${digest} of ${repository}`,
      repository: `no repository ${repository}`,
    });
  }
  if (response.status !== 200) throw undecided(reply);
  if (response.truncated)
    throw new Unavailable(`${response.url.host} answered with more than ${maxBodyBytes} bytes`);
  return { kind: 'told', value: parseJson(response.body) };
}
