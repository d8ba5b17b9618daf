import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
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

export interface Signed {
  /** The private key, PEM. */
  readonly key: string;
  /** PEM, for 127.0.0.1 and localhost. */
  readonly certificate: string;
  /** The certificate of the authority that signed it, PEM. */
  readonly authority: string;
}

/** Makes a private authority and a server's certificate that it signed, valid for two days, in `directory`. */
export async function makeSigned(directory: string): Promise<Signed> {
  const path = (name: string): string => join(directory, name);
  const openssl = (...args: readonly string[]): Promise<unknown> => promisify(execFile)('openssl', args);
  const authority = await makeSelfSigned(directory, 'A private authority');
  await writeFile(path('names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  const request = [
    '-newkey',
    'rsa:2048',
    '-noenc',
    '-subj',
    '/CN=localhost',
    '-keyout',
    path('server-key.pem'),
  ];
  await openssl('req', ...request, '-out', path('server.csr'));
  const signing = [
    '-CA',
    authority.certificateFile,
    '-CAkey',
    path('key.pem'),
    '-CAcreateserial',
    '-days',
    '2',
  ];
  const named = ['-extfile', path('names'), '-out', path('server.pem')];
  await openssl('x509', '-req', '-in', path('server.csr'), ...signing, ...named);
  const [key, certificate] = await Promise.all(
    ['server-key.pem', 'server.pem'].map((name) => readFile(path(name), 'utf8')),
  );
  if (key === undefined || certificate === undefined) throw new Error('openssl wrote no certificate');
  return { key, certificate, authority: await readFile(authority.certificateFile, 'utf8') };
}

/** Makes a key and a certificate with which `user`, in these groups, signs in at an API server that trusts the authority. */
export async function makeClientCertificate(
  authority: { readonly key: string; readonly certificate: string },
  directory: string,
  { user, groups = [] }: { readonly user: string; readonly groups?: readonly string[] },
): Promise<{ readonly keyFile: string; readonly certificateFile: string }> {
  const openssl = (...args: readonly string[]): Promise<unknown> => promisify(execFile)('openssl', args);
  const path = (suffix: string): string => join(directory, `${user}${suffix}`);
  const [keyFile, certificateFile, request] = [path('.key'), path('.crt'), path('.csr')];
  const subject = [...groups.map((group) => `/O=${group}`), `/CN=${user}`].join('');
  const wanted = ['-newkey', 'rsa:2048', '-noenc', '-subj', subject, '-keyout', keyFile, '-out', request];
  await openssl('req', ...wanted);
  const by = ['-CA', authority.certificate, '-CAkey', authority.key, '-CAcreateserial', '-days', '2'];
  await openssl('x509', '-req', '-in', request, ...by, '-out', certificateFile);
  return { keyFile, certificateFile };
}
