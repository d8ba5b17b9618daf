/** What the values of each label mean, by `family label`; a test holds the list against the registry of metrics. */
export const LABEL_MEANINGS: Readonly<Record<string, string>> = {
  'headwind_rollouts_watched state':
    '`followed`: its pods are read now; `in-line`: it waits, because 50 others are followed',
  'headwind_webhook_requests_total sender':
    'the sender’s name in its path, such as `harbor`; `registry` where it could not be told, `unknown` where there is no such path',
  'headwind_webhook_requests_total outcome':
    '`accepted`: recorded; `ignored`: it concerns nobody; `duplicate`: it came before; else why it was refused: [a code of an error](errors.md) without `HW_`, such as `not-proven`, `rate-limited` or `not-durable`',
  'headwind_queue_depth queue':
    '`signals`: hints that wait to be judged; `requests`: UpdateRequests that wait for their next step; `polls`, `charts`: registries and sources of charts that are to be asked; `registry`: requests that wait for a registry; `rollouts`: rollouts to be looked at; `notifications`: notifications to be sent',
  'headwind_watch_events_total resource': 'the resource that is watched, such as `deployments`',
  'headwind_watch_events_total event':
    '`list`, `listed`: a list began, is complete; `watch`, `closed`: a watch is open, the server ended it; `event`, `bookmark`: came over it; `gone`: the position was too old; `idle`: nothing came for two minutes; `malformed`: a line was not understood; `failed`: anything else broke it; `unparsable`: one object was left out',
  'headwind_registry_requests_total purpose':
    '`manifest`: what a tag is; `tags`: a page of a list; `token`: a token server; `index`: an index of charts',
  'headwind_registry_requests_total outcome':
    '`answered`, `not-modified`, `not-found`, `refused` (401, 403), `rate-limited` (429), `server-error` (5xx), `timeout`, `network-error`, `held-back`: not sent, since the registry kept failing',
  'headwind_kubernetes_requests_total verb':
    '`get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `post`, `put`, `head`',
  'headwind_kubernetes_requests_total code':
    'the HTTP status, or `unreachable`, `error`, `timeout`, `aborted`',
  'headwind_decisions_total outcome': '`update`, or [the blocker](blockers.md) that decided',
  'headwind_http_rejected_total server': '`webhook`, `api`, `ui` or `metrics`',
  'headwind_http_rejected_total reason':
    '[the code of the error](errors.md) without `HW_`, such as `body-too-large`',
  'headwind_notifications_total channel': '`slack`, `teams` or `webhook`',
  'headwind_notifications_total outcome': '`sent` or `failed`',
};
