import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import { z } from 'zod';

const PublicKey = z.object({ kty: z.literal('RSA'), n: z.string(), e: z.string() });

/** A key that an identity provider signs with. */
export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** As it stands in a key set. */
  readonly jwk: { readonly kty: 'RSA'; readonly kid: string; readonly n: string; readonly e: string };
}

export function makeSigningKey(kid: string): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { kid, privateKey, jwk: { ...PublicKey.parse(publicKey.export({ format: 'jwk' })), kid } };
}

/** A JSON Web Token, signed with RS256 unless the header says otherwise; made by hand, so that it can be wrong. */
export function makeToken(key: SigningKey, claims: object, header: object = {}): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${encode({ alg: 'RS256', typ: 'JWT', kid: key.kid, ...header })}.${encode(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), key.privateKey).toString('base64url')}`;
}

/** A server that hands out a key set. */
export interface KeyServer {
  readonly url: string;
  keys: readonly object[];
  /** What it answers with; 200 unless told. */
  status: number;
  requests: number;
  close(): Promise<void>;
}

export async function startKeyServer(keys: readonly object[]): Promise<KeyServer> {
  const state = { keys, status: 200, requests: 0 };
  const server = createServer((_request, response) => {
    state.requests += 1;
    response.writeHead(state.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ keys: state.keys }));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return Object.assign(state, {
    url: `http://127.0.0.1:${port}/certs`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
