/** How one registry host is dealt with, as far as that is a matter of amounts. */
export interface RegistryLimits {
  /** Of polling; what a webhook asks is not held back by it. May be a fraction. */
  readonly requestsPerSecond: number;
  /** Requests at the same time. */
  readonly concurrency: number;
  /** A repository with more tags is not read to the end. */
  readonly tagBudget: number;
  /** For one answer, from the connection to the last byte, in milliseconds. */
  readonly timeoutMs: number;
}

/** A host that holds the same images and is asked first. */
export interface RegistryMirror {
  /** Normalised. */
  readonly host: string;
  /** What stands before a repository's path there, without slashes at its ends; mostly empty. */
  readonly prefix: string;
  /** Whether the credentials for the mirrored registry may be sent to the mirror too. */
  readonly sendsCredentials: boolean;
}

/** Everything that can be set for one registry host. */
export interface RegistryHost extends RegistryLimits {
  /** Asked by plain HTTP. */
  readonly insecure: boolean;
  /** Certificates (PEM) that are trusted for this host beside the usual ones. */
  readonly ca: string | undefined;
  /** In the order in which they are asked. */
  readonly mirrors: readonly RegistryMirror[];
}

export interface RegistryConfig {
  /** For hosts that are not listed. */
  readonly defaults: RegistryLimits;
  /** By normalised host. */
  readonly hosts: ReadonlyMap<string, RegistryHost>;
}

/** What holds where nothing is configured. */
export const DEFAULT_REGISTRY_CONFIG: RegistryConfig = {
  defaults: { requestsPerSecond: 20, concurrency: 8, tagBudget: 20_000, timeoutMs: 30_000 },
  hosts: new Map(),
};
