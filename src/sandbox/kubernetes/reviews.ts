import { isJsonObject, objectAt, type JsonObject } from './json.ts';

export const REVIEW_GROUP = 'authorization.k8s.io';
export const REVIEW_KINDS: readonly string[] = [
  'SelfSubjectAccessReview',
  'SelfSubjectRulesReview',
  'SubjectAccessReview',
];

/** The kind that is posted to `plural`; undefined if there is none. */
export function reviewKindOf(plural: string): string | undefined {
  return REVIEW_KINDS.find((kind) => `${kind.toLowerCase()}s` === plural);
}

/** Everybody may do everything here: the API listens for the person who started it. */
export function review(kind: string, body: unknown): JsonObject {
  const any = ['*'];
  const status =
    kind === 'SelfSubjectRulesReview'
      ? {
          resourceRules: [{ verbs: any, apiGroups: any, resources: any }],
          nonResourceRules: [{ verbs: any, nonResourceURLs: any }],
          incomplete: false,
        }
      : { allowed: true };
  const apiVersion = `${REVIEW_GROUP}/v1`;
  const metadata = isJsonObject(body) ? objectAt(body, 'metadata') : {};
  return { kind, apiVersion, metadata, spec: objectAt(body, 'spec'), status };
}
