import type { ProblemCode } from '../../src/http/problem.ts';

/** What to do about each error; what it means is its title in the catalogue. The types hold the list to be complete. */
export const REMEDIES: Readonly<Record<ProblemCode, string>> = {
  HW_BAD_REQUEST:
    'Look at what is between: this is mostly TLS spoken to a port without it, or a broken proxy.',
  HW_BAD_JSON:
    'Mend the body; `detail` says at which line and column it stops being JSON. A body is UTF-8 and not empty.',
  HW_BODY_TOO_DEEP: 'Send a flatter body. No sender of webhooks nests as deeply.',
  HW_BODY_INCOMPLETE: 'Send it again; something between broke the connection off.',
  HW_CONTAINER_AMBIGUOUS:
    'Say which: `"container"` in the body, or the container as the last part of the path.',
  HW_BAD_QUERY: 'Mend the parameter that `detail` names; it says what would be right.',
  HW_UNKNOWN_CHANNEL: 'Name one of the channels that `detail` lists.',
  HW_TARGET_NOT_CONFIGURED:
    'Configure it ([notifications](notifications.md)), or name one that is; `GET /api/v1/notifications` lists them.',
  HW_UNAUTHENTICATED:
    'Send `Authorization: Bearer` and a token that Kubernetes knows, or sign in at the dashboard; behind a proxy let it set its header ([security](security.md)). `detail` says what was missing.',
  HW_NOT_PROVEN:
    'Give the sender the secret that Headwind has for it, or the other way round; `detail` says which proof is expected ([webhooks](webhooks.md)). From Slack: check the signing secret and the clocks.',
  HW_FORBIDDEN:
    'Have the right granted that `detail` names; `deploy/k8s/optional/roles.yaml` has roles for it ([security](security.md#tokens)).',
  HW_CSRF:
    'Send what `GET /api/v1/session` gives as `csrfToken` in the header `X-CSRF-Token`. At the dashboard: load the page again.',
  HW_CROSS_SITE:
    'Act from a page of Headwind’s own, or without a browser. Where the page is its own, set `HEADWIND_UI_URL` to the address that people use ([security](security.md#pages-of-other-sites)).',
  HW_NOT_FOUND:
    'Look at the path, and at the port: [the API](api.md) is on 8081, webhooks on 8080, metrics on 9090.',
  HW_REQUEST_NOT_FOUND:
    'It may have been pruned, or never have been; `kubectl get ur -n <namespace>` lists those that there are.',
  HW_WORKLOAD_NOT_FOUND:
    'Check kind, namespace and name, and that the workload carries `headwind.sh/policy` and is in what this Headwind watches (`HEADWIND_NAMESPACES`, `HEADWIND_LABEL_SELECTOR`).',
  HW_CONTAINER_NOT_FOUND:
    'Name one of the containers that `detail` lists; of a HelmRelease it is the chart’s name.',
  HW_METRIC_NOT_FOUND: 'Name one of those in `metrics`.',
  HW_HISTORY_NOT_FOUND: 'Choose one that `kubectl headwind history` lists; ten for each container are kept.',
  HW_METHOD_NOT_ALLOWED: 'Use one that the header `Allow` lists.',
  HW_REQUEST_TIMEOUT: 'Send it again, faster; a request has to arrive completely within a time.',
  HW_CONFLICT:
    'Look at `current_phase`: somebody else was first, or it is decided already. There is nothing to repeat.',
  HW_WORKLOAD_BUSY:
    'Try again; others change the workload all the time, and their changes are not overwritten.',
  HW_PATCH_REFUSED:
    'Read in `detail` what Kubernetes says: an admission policy, a quota, a missing right of Headwind’s.',
  HW_KIND_AMBIGUOUS: 'Say which with `?kind=`; `kinds` lists them.',
  HW_ROLLBACK_IMPOSSIBLE: 'There is nothing to do: it runs already, or the entry is of another repository.',
  HW_NOT_A_HOLD: 'There is nothing to lift; `kubectl headwind holds` lists what is held.',
  HW_SETTING_FIXED:
    'Change it where it is set: `detail` names the environment variable or the file ([configuration](configuration.md)).',
  HW_CONTINUE_EXPIRED: 'List again from the start.',
  HW_BODY_TOO_LARGE: 'Send less; `detail` says how much is taken.',
  HW_UNSUPPORTED_MEDIA_TYPE: 'Set `Content-Type` to what `detail` expects, and send the body uncompressed.',
  HW_UNEXPECTED_SHAPE: 'Mend the body; `detail` names the member and what would be right.',
  HW_BUSY: 'Try again after `Retry-After`. If it lasts, look at the queues and for whoever asks so often.',
  HW_TOO_MANY_ATTEMPTS: 'Wait for `Retry-After`, and check the token before the next try.',
  HW_RATE_LIMITED:
    'The sender repeats it by itself after `Retry-After`, or raise `HEADWIND_WEBHOOK_RATE_LIMIT`.',
  HW_HEADERS_TOO_LARGE:
    'Send fewer or smaller headers; cookies of other applications on the same host are the usual reason.',
  HW_ROLLBACK_FAILED:
    'Read in `detail` why; the rollback’s own UpdateRequest tells more ([rollback](rollback.md)).',
  HW_NOTIFICATION_FAILED: 'Read in `detail` which target did not take it and why.',
  HW_SETTINGS_NOT_WRITTEN:
    'Let Headwind write its ConfigMaps: its role, or an admission policy, forbids it; `detail` says which.',
  HW_INTERNAL: 'This is a bug of Headwind’s. Its log says what happened, at level `ERROR`: please report it.',
  HW_NOT_DURABLE:
    'The sender repeats it by itself after `Retry-After`. If it lasts, Kubernetes cannot be written to: the log says why.',
  HW_KEYS_UNAVAILABLE:
    'The sender repeats it by itself. If it lasts, let Headwind reach the issuer’s keys, or mount them (`jwksFile`).',
  HW_UNAVAILABLE: 'Try again after `Retry-After`. If it lasts, look at the Kubernetes API server.',
};
