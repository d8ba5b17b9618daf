import type { UpdateRequest } from '../../core/update-request.ts';

export interface RequestName {
  readonly namespace: string;
  readonly name: string;
}

/** Where the plugin's commands act: the Kubernetes API, or Headwind's own. Refusals are FailedErrors. */
export interface Backend {
  /** All requests of a namespace, or of all; in no particular order. */
  list(namespace: string | undefined): Promise<readonly UpdateRequest[]>;
  /** Undefined if there is none of this name. */
  get(request: RequestName): Promise<UpdateRequest | undefined>;
  /** Records the approval, in the name of `by` or of whoever the backend says the caller is. Does not wait for the rest. */
  approve(request: RequestName, by: string | undefined): Promise<UpdateRequest>;
  reject(request: RequestName, by: string | undefined, reason: string | undefined): Promise<UpdateRequest>;
  close(): void;
}
