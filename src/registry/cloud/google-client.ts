// Imported when it is needed, since it loads Google's client. That is imported statically from here: in the bundle a
// dynamic import of a CommonJS package has no named exports.
import { GoogleAuth } from 'google-auth-library';

/** What Google's client came back with. */
export interface GoogleToken {
  readonly token: string | null | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAtMs: number | null | undefined;
}

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
const REQUEST_TIMEOUT_MS = 5000;

/** Asks as whoever the file speaks for that GOOGLE_APPLICATION_CREDENTIALS names. Throws what the client throws. */
export async function askAsApplication(signal: AbortSignal): Promise<GoogleToken> {
  // Made anew each time: the file may have been replaced, and tokens are kept elsewhere.
  const auth = new GoogleAuth({
    scopes: [SCOPE],
    // Tokens need no project; left to itself the client would look for one, even by running gcloud.
    projectId: 'none',
    clientOptions: { transporterOptions: { signal, timeout: REQUEST_TIMEOUT_MS } },
  });
  const client = await auth.getClient();
  const { token } = await client.getAccessToken();
  return { token, expiresAtMs: client.credentials.expiry_date };
}
