import { fail, ok, type Result } from '../core/result.ts';

const NAME = '[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?';
const KEY = `(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?/)?${NAME}`;
const VALUE = `(?:${NAME})?`;
const REQUIREMENTS = [
  new RegExp(`^!?\\s*${KEY}$`),
  new RegExp(`^${KEY}\\s*(?:=|==|!=)\\s*${VALUE}$`),
  new RegExp(`^${KEY}\\s+(?:in|notin)\\s*\\(\\s*${VALUE}\\s*(?:,\\s*${VALUE}\\s*)*\\)$`),
];

/**
 * Checks a label selector in Kubernetes' grammar: requirements separated by commas, such as `team=shop`, `!legacy` and
 * `tier in (web, api)` (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels, "API").
 */
export function readLabelSelector(text: string): Result<string> {
  const requirements = text.split(/,(?![^(]{0,4096}\))/).map((part) => part.trim());
  const right = requirements.every((part) => REQUIREMENTS.some((pattern) => pattern.test(part)));
  return right ? ok(text) : fail('a label selector such as team=shop,tier in (web, api),!legacy');
}
