import { isDeepStrictEqual } from 'node:util';
import type { Cause } from './api-error.ts';
import {
  arrayAt,
  isJsonObject,
  numberAt,
  stringAt,
  stringMapAt,
  valueAt,
  without,
  type JsonObject,
} from './json.ts';

/** What the API server refuses in built-in kinds, as far as a client of the demo can run into it. */

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const CONTAINER_NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const DATA_KEY = /^[-._a-zA-Z0-9]{1,253}$/;
const STATEFUL_SET_MUTABLE = ['replicas', 'template', 'updateStrategy'];
const POD_MUTABLE = ['activeDeadlineSeconds', 'tolerations', 'containers', 'initContainers'];

export function required(field: string, detail = ''): Cause {
  return {
    reason: 'FieldValueRequired',
    field,
    message: `Required value${detail === '' ? '' : `: ${detail}`}`,
  };
}

export function invalidValue(field: string, value: unknown, detail: string): Cause {
  return {
    reason: 'FieldValueInvalid',
    field,
    message: `Invalid value: ${JSON.stringify(value)}: ${detail}`,
  };
}

/** Deployment, ReplicaSet, StatefulSet, DaemonSet. */
export function workloadProblems(object: JsonObject, previous?: JsonObject): readonly Cause[] {
  const spec = object['spec'];
  return [
    ...(numberAt(spec, 'replicas') < 0
      ? [invalidValue('spec.replicas', numberAt(spec, 'replicas'), 'must be greater than or equal to 0')]
      : []),
    ...selectorProblems(spec, previous),
    ...podSpecProblems(valueAt(spec, 'template', 'spec'), 'spec.template.spec'),
  ];
}

export function statefulSetProblems(object: JsonObject, previous?: JsonObject): readonly Cause[] {
  const problems = workloadProblems(object);
  const [spec, before] = [object['spec'], previous?.['spec']];
  if (!isJsonObject(spec) || !isJsonObject(before)) return problems;
  if (isDeepStrictEqual(without(spec, ...STATEFUL_SET_MUTABLE), without(before, ...STATEFUL_SET_MUTABLE)))
    return problems;
  const message =
    "Forbidden: updates to statefulset spec for fields other than 'replicas', 'template', and 'updateStrategy' are forbidden";
  return [...problems, { reason: 'FieldValueForbidden', field: 'spec', message }];
}

function selectorProblems(spec: unknown, previous: JsonObject | undefined): readonly Cause[] {
  const selector = valueAt(spec, 'selector');
  if (selector === undefined) return [required('spec.selector')];
  const labels = stringMapAt(spec, 'template', 'metadata', 'labels');
  const wanted = Object.entries(stringMapAt(selector, 'matchLabels'));
  const matches = wanted.every(([key, value]) => labels[key] === value);
  const before = previous === undefined ? selector : valueAt(previous, 'spec', 'selector');
  return [
    ...(matches
      ? []
      : [
          invalidValue(
            'spec.template.metadata.labels',
            labels,
            '`selector` does not match template `labels`',
          ),
        ]),
    ...(isDeepStrictEqual(selector, before)
      ? []
      : [invalidValue('spec.selector', selector, 'field is immutable')]),
  ];
}

export function podProblems(object: JsonObject, previous?: JsonObject): readonly Cause[] {
  const problems = podSpecProblems(object['spec'], 'spec');
  const [spec, before] = [object['spec'], previous?.['spec']];
  if (!isJsonObject(spec) || !isJsonObject(before)) return problems;
  const frozen = (value: JsonObject): unknown => [
    // A pod is bound to its node once, by whoever schedules it.
    without(value, ...POD_MUTABLE, ...(before['nodeName'] === undefined ? ['nodeName'] : [])),
    [...arrayAt(value, 'initContainers'), ...arrayAt(value, 'containers')].map((container) =>
      isJsonObject(container) ? without(container, 'image') : container,
    ),
  ];
  if (isDeepStrictEqual(frozen(spec), frozen(before))) return problems;
  const message =
    'Forbidden: pod updates may not change fields other than `spec.containers[*].image`, `spec.initContainers[*].image`, `spec.activeDeadlineSeconds` or `spec.tolerations` (only additions to existing tolerations)';
  return [...problems, { reason: 'FieldValueForbidden', field: 'spec', message }];
}

function podSpecProblems(spec: unknown, path: string): readonly Cause[] {
  const containers = arrayAt(spec, 'containers');
  const init = arrayAt(spec, 'initContainers');
  const names = [...init, ...containers].map((container) => stringAt(container, 'name'));
  const twice = names.find((name, index) => name !== '' && names.indexOf(name) !== index);
  return [
    ...(containers.length === 0 ? [required(`${path}.containers`)] : []),
    ...containers.flatMap((container, index) => containerProblems(container, `${path}.containers[${index}]`)),
    ...init.flatMap((container, index) => containerProblems(container, `${path}.initContainers[${index}]`)),
    ...(twice === undefined
      ? []
      : [
          {
            reason: 'FieldValueDuplicate',
            field: `${path}.containers[${names.lastIndexOf(twice) - init.length}].name`,
            message: `Duplicate value: "${twice}"`,
          },
        ]),
  ];
}

function containerProblems(container: unknown, path: string): readonly Cause[] {
  const name = stringAt(container, 'name');
  const image = stringAt(container, 'image');
  return [
    ...(name === '' ? [required(`${path}.name`)] : []),
    ...(name !== '' && !CONTAINER_NAME.test(name)
      ? [invalidValue(`${path}.name`, name, 'must be a lowercase RFC 1123 label')]
      : []),
    ...(image === '' ? [required(`${path}.image`)] : []),
    ...(image !== image.trim()
      ? [invalidValue(`${path}.image`, image, 'must not have leading or trailing whitespace')]
      : []),
  ];
}

export function secretProblems(object: JsonObject, previous?: JsonObject): readonly Cause[] {
  const type = stringAt(object, 'type');
  return [
    ...dataKeyProblems(object),
    ...Object.entries(stringMapAt(object, 'data'))
      .filter(([, value]) => !BASE64.test(value))
      .map(([key]) => invalidValue(`data[${key}]`, '<secret contents redacted>', 'must be base64')),
    ...(previous === undefined || stringAt(previous, 'type') === type
      ? []
      : [invalidValue('type', type, 'field is immutable')]),
    ...(type === 'kubernetes.io/dockerconfigjson' &&
    valueAt(object, 'data', '.dockerconfigjson') === undefined
      ? [required('data[.dockerconfigjson]')]
      : []),
  ];
}

export function dataKeyProblems(object: JsonObject): readonly Cause[] {
  return Object.keys(stringMapAt(object, 'data'))
    .filter((key) => !DATA_KEY.test(key))
    .map((key) =>
      invalidValue(
        `data[${key}]`,
        key,
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
      ),
    );
}

export function eventProblems(event: JsonObject): readonly Cause[] {
  const namespace = stringAt(event, 'metadata', 'namespace');
  const about = stringAt(event, 'involvedObject', 'namespace');
  // Events about cluster-wide objects live in the namespace default.
  if (about === namespace || (about === '' && namespace === 'default')) return [];
  return [invalidValue('involvedObject.namespace', about, 'does not match event.namespace')];
}

export function serviceProblems(object: JsonObject): readonly Cause[] {
  const headless = stringAt(object, 'spec', 'clusterIP') === 'None';
  if (headless || stringAt(object, 'spec', 'type') === 'ExternalName') return [];
  return arrayAt(object, 'spec', 'ports').length === 0 ? [required('spec.ports')] : [];
}

/** Kinds without rules of their own. */
export function noProblems(): readonly Cause[] {
  return [];
}
