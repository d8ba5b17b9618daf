/** A certificate that the client shows, PEM. */
export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Where the proof of who we are comes from, asked anew for every call because it may expire or be replaced. */
export interface CredentialSource {
  /** The bearer token; undefined when there is none. */
  token(): Promise<string | undefined>;
  /** The certificate to show, where it is not a fixed part of the TLS settings. */
  clientCertificate?(): Promise<ClientCertificate | undefined>;
  /**
   * Called after the server has answered 401 to `refused`. Answers whether there is another credential now, so
   * that it makes sense to ask once more.
   */
  renew?(refused: string | undefined): Promise<boolean>;
}
