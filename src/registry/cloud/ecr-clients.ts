// Imported when it is needed, since it loads AWS's clients. They are imported statically from here: in the bundle a
// dynamic import of a CommonJS package has no named exports.
import { ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import {
  ECRPUBLICClient,
  GetAuthorizationTokenCommand as GetPublicAuthorizationTokenCommand,
} from '@aws-sdk/client-ecr-public';

/** What GetAuthorizationToken answers: `authorizationToken` is base64 of `AWS:<password>`. */
export interface AuthorizationData {
  readonly authorizationToken?: string | undefined;
  readonly expiresAt?: Date | undefined;
}

export interface EcrPlace {
  readonly region: string;
  /** Through an endpoint whose cryptography is validated (FIPS 140). */
  readonly fips: boolean;
  /** Through an endpoint that is reached by IPv6 too. */
  readonly dualStack: boolean;
}

const CLIENT_LIMITS = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 2000, requestTimeout: 5000, throwOnRequestTimeout: true },
};

/** Asks ECR in a region. Throws what the client throws. */
export async function askRegion(place: EcrPlace, signal: AbortSignal): Promise<AuthorizationData> {
  const client = new ECRClient({
    ...CLIENT_LIMITS,
    region: place.region,
    // Where the host does not say, AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT may.
    ...(place.fips ? { useFipsEndpoint: true } : {}),
    ...(place.dualStack ? { useDualstackEndpoint: true } : {}),
  });
  try {
    const answer = await client.send(new GetAuthorizationTokenCommand({}), { abortSignal: signal });
    return answer.authorizationData?.[0] ?? {};
  } finally {
    client.destroy();
  }
}

/** Asks for the public registry. Throws what the client throws. */
export async function askPublic(region: string, signal: AbortSignal): Promise<AuthorizationData> {
  const client = new ECRPUBLICClient({ ...CLIENT_LIMITS, region });
  try {
    const answer = await client.send(new GetPublicAuthorizationTokenCommand({}), { abortSignal: signal });
    return answer.authorizationData ?? {};
  } finally {
    client.destroy();
  }
}
