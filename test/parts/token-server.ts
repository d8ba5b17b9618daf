import { createSign, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeSelfSigned } from './certificate.ts';
import type { RegistryTokenAuth } from './docker-registry.ts';

export interface TokenServerOptions {
  /** User names with their passwords: they may push and pull everywhere. */
  readonly users: Readonly<Record<string, string>>;
  /** Identity tokens (the refresh tokens of OAuth2) with the user that each stands for. */
  readonly identityTokens?: Readonly<Record<string, string>>;
  /** Repositories that anybody may pull from; none unless told. */
  readonly publicRepositories?: readonly string[];
  /** For how long a token is valid, in seconds; 300 unless told. */
  readonly lifetimeSeconds?: number;
}

/** One request for a token, without its secret. */
export interface TokenRequest {
  readonly method: string;
  /** Undefined: nobody in particular. */
  readonly user: string | undefined;
  readonly scopes: readonly string[];
  readonly status: number;
}

export interface TokenServer {
  /** For the registry's configuration. */
  readonly auth: RegistryTokenAuth;
  /** Every request so far, in order. */
  readonly requests: readonly TokenRequest[];
  stop(): Promise<void>;
}

interface Access {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

const SERVICE = 'headwind-test-registry';
const ISSUER = 'headwind-test-tokens';

/**
 * A token server as distribution's registry wants it
 * (https://distribution.github.io/distribution/spec/auth/jwt/): RS256 tokens with the signing certificate in `x5c`,
 * on 127.0.0.1.
 */
export async function startTokenServer(options: TokenServerOptions): Promise<TokenServer> {
  const directory = await mkdtemp(join(tmpdir(), 'headwind-tokens-'));
  const { key, certificate, certificateFile } = await makeSelfSigned(directory, 'headwind test tokens');
  const requests: TokenRequest[] = [];
  const sign = (subject: string, access: readonly Access[]): string => {
    const now = Math.floor(Date.now() / 1000);
    const header = { typ: 'JWT', alg: 'RS256', x5c: [certificate.raw.toString('base64')] };
    const claims = {
      iss: ISSUER,
      sub: subject,
      aud: SERVICE,
      exp: now + (options.lifetimeSeconds ?? 300),
      nbf: now - 10,
      iat: now,
      jti: randomUUID(),
      access,
    };
    const body = [header, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    return `${body}.${createSign('RSA-SHA256').update(body).sign(key, 'base64url')}`;
  };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method, scopes, caller } = await readRequest(request, options);
    const status = caller.known ? 200 : 401;
    requests.push({ method, user: caller.user, scopes, status });
    response.writeHead(status, { 'content-type': 'application/json' });
    if (!caller.known) {
      response.end(JSON.stringify({ details: 'incorrect username or password' }));
      return;
    }
    const access = grant(scopes, caller.user, options.publicRepositories ?? []);
    const token = sign(caller.user ?? '', access);
    const lifetime = { expires_in: options.lifetimeSeconds ?? 300, issued_at: new Date().toISOString() };
    response.end(
      JSON.stringify(method === 'POST' ? { access_token: token, ...lifetime } : { token, ...lifetime }),
    );
  };
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('a TCP server without a port');
  return {
    auth: {
      realm: `http://127.0.0.1:${address.port}/token`,
      service: SERVICE,
      issuer: ISSUER,
      rootCertBundle: certificateFile,
    },
    requests,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

interface Caller {
  readonly known: boolean;
  readonly user: string | undefined;
}

async function readRequest(
  request: IncomingMessage,
  options: TokenServerOptions,
): Promise<{ readonly method: string; readonly scopes: readonly string[]; readonly caller: Caller }> {
  const method = request.method ?? '';
  if (method === 'POST') {
    const form = new URLSearchParams(await readText(request));
    const user = options.identityTokens?.[form.get('refresh_token') ?? ''];
    const known =
      user !== undefined && form.get('grant_type') === 'refresh_token' && form.get('service') === SERVICE;
    return { method, scopes: (form.get('scope') ?? '').split(' '), caller: { known, user } };
  }
  const scopes = new URL(request.url ?? '', 'http://localhost').searchParams.getAll('scope');
  return { method, scopes, caller: basicCaller(request.headers.authorization, options.users) };
}

async function readText(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

function basicCaller(header: string | undefined, users: Readonly<Record<string, string>>): Caller {
  if (header === undefined) return { known: true, user: undefined };
  const text = Buffer.from(header.replace(/^Basic /, ''), 'base64').toString('utf8');
  const colon = text.indexOf(':');
  const user = text.slice(0, colon);
  return { known: users[user] !== undefined && users[user] === text.slice(colon + 1), user };
}

/** Grants what may be granted and leaves out the rest, as the token specification wants; the registry then refuses. */
function grant(
  scopes: readonly string[],
  user: string | undefined,
  open: readonly string[],
): readonly Access[] {
  return scopes.flatMap((scope) => {
    const [type = '', name = '', actions = ''] = scope.split(':');
    const wanted = actions.split(',');
    const granted =
      user === undefined ? wanted.filter((action) => action === 'pull' && open.includes(name)) : wanted;
    return granted.length === 0 ? [] : [{ type, name, actions: granted }];
  });
}
