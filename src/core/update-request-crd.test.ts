import { describe, expect, it } from 'vitest';
import { updateRequestCrd } from './update-request-crd.ts';

const text = JSON.stringify(updateRequestCrd());

describe('the CustomResourceDefinition', () => {
  it('has no keyword that a structural schema may not have: the API server would refuse it', () => {
    expect(text).not.toMatch(/"(?:\$schema|propertyNames|patternProperties|\$ref)":/);
    expect(text).not.toContain('"additionalProperties":false');
  });

  it('says what the values of a map are: the API server would drop them', () => {
    expect(text).toMatch(/"restarts":\{[^{}]*"additionalProperties":\{"type":"integer"/);
  });
});
