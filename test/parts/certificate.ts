import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface SelfSigned {
  /** The private key, PEM. */
  readonly key: string;
  readonly certificate: X509Certificate;
  /** The file that holds the certificate, PEM. */
  readonly certificateFile: string;
}

/** Makes an RSA key and a certificate that it signed itself, valid for two days, in `directory`. */
export async function makeSelfSigned(directory: string, commonName: string): Promise<SelfSigned> {
  const keyFile = join(directory, 'key.pem');
  const certificateFile = join(directory, 'certificate.pem');
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-noenc', '-days', '2', '-subj', `/CN=${commonName}`];
  try {
    await promisify(execFile)('openssl', [...args, '-keyout', keyFile, '-out', certificateFile]);
  } catch (cause) {
    throw new Error('openssl could not make a certificate: apt-get install openssl', { cause });
  }
  const certificate = new X509Certificate(await readFile(certificateFile));
  return { key: await readFile(keyFile, 'utf8'), certificate, certificateFile };
}
