import type { Environment } from '../../config/problem.ts';
import { CloudIdentityError, type CloudIdentity, type IssuedCredential } from './cloud-identity.ts';
import type { AuthorizationData } from './ecr-clients.ts';

/**
 * `<account>.dkr.ecr[-fips].<region>.amazonaws.com`, in China `….cn`; reachable by IPv6 as
 * `<account>.dkr-ecr.<region>.on.aws`; the isolated regions have domains of their own.
 */
const PRIVATE_HOST =
  /^\d{12}\.dkr[.-]ecr(-fips)?\.([a-z]{2,4}(?:-[a-z0-9]{1,20}){1,4})\.(?:amazonaws\.(?:com|com\.cn|eu)|(on\.aws|on\.amazonwebservices\.com\.cn)|c2s\.ic\.gov|sc2s\.sgov\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)$/;
const PUBLIC_HOST = 'public.ecr.aws';
/** Tokens for the public registry are given out in this region alone, wherever one is. */
const PUBLIC_REGION = 'us-east-1';

/** Any of these says that somebody meant Headwind to have an identity at AWS. */
const CONFIGURING_VARIABLES = [
  'AWS_ACCESS_KEY_ID',
  'AWS_PROFILE',
  'AWS_ROLE_ARN',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_CONFIG_FILE',
] as const;

/**
 * Amazon's registries: GetAuthorizationToken, as whoever the SDK's default chain finds: environment, shared files, IAM
 * roles for service accounts, EKS Pod Identity, the instance's role. The SDK reads the process's environment itself;
 * `env` only tells whether a failure means that nothing was configured. A token lives for 12 hours.
 */
export function createEcrIdentity({ env }: { readonly env: Environment }): CloudIdentity {
  return {
    name: 'Amazon ECR',
    matches: (host) => host === PUBLIC_HOST || PRIVATE_HOST.test(host),
    credentials: async (host, signal) => {
      try {
        // Both of AWS's clients are loaded here, when first such a host is met.
        const { askPublic, askRegion } = await import('./ecr-clients.ts');
        if (host === PUBLIC_HOST) return toIssued(await askPublic(PUBLIC_REGION, signal));
        const [, fips, region = '', dualStack] = PRIVATE_HOST.exec(host) ?? [];
        const where = { region, fips: fips !== undefined, dualStack: dualStack !== undefined };
        return toIssued(await askRegion(where, signal));
      } catch (error) {
        // The public registry answers everybody: a role that may not ask for a token there needs none.
        if (host === PUBLIC_HOST && error instanceof Error && error.name.startsWith('AccessDenied'))
          return undefined;
        // The end of the chain: nobody had credentials, or those who should have did not give them.
        if (!(error instanceof Error) || error.name !== 'CredentialsProviderError') throw error;
        const set = CONFIGURING_VARIABLES.filter((name) => (env[name] ?? '') !== '');
        if (set.length === 0) return undefined;
        throw new CloudIdentityError(
          `no AWS credentials could be had, although ${set.join(', ')} ${set.length === 1 ? 'is' : 'are'} set`,
          { cause: error },
        );
      }
    },
  };
}

function toIssued({ authorizationToken, expiresAt }: AuthorizationData): IssuedCredential {
  const login = Buffer.from(authorizationToken ?? '', 'base64').toString('utf8');
  const colon = login.indexOf(':');
  if (colon < 1 || colon === login.length - 1 || expiresAt === undefined)
    throw new CloudIdentityError('GetAuthorizationToken answered without a token');
  return {
    credential: { username: login.slice(0, colon), password: login.slice(colon + 1) },
    expiresAtMs: expiresAt.getTime(),
  };
}
