/** One webhook as a registry sends it, and what is to be made of it. */
export interface WebhookSample {
  readonly name: string;
  /** Who is recognised on `/webhook/registry`. */
  readonly sender: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** `type host/path:tag[@digest]` of each signal. */
  readonly signals: readonly string[];
  /** The reasons for entries without a signal; not looked at where absent. */
  readonly ignored?: readonly string[];
}
