import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { krewManifest } from '../../tools/executable/krew.ts';
import { archiveFile, programFile, RELEASED } from '../../tools/executable/names.ts';

const template = readFileSync(new URL('../../release/krew/headwind.yaml', import.meta.url), 'utf8');
const sums = new Map(
  RELEASED.map((platform, index) => [
    archiveFile('kubectl-headwind', platform),
    `${index}`.padStart(64, 'a1b2c3d4'),
  ]),
);

/**
 * What Krew demands of a manifest; it knows no other fields
 * (https://github.com/kubernetes-sigs/krew/blob/master/internal/index/validation/validate.go).
 */
const Krew = z.strictObject({
  apiVersion: z.literal('krew.googlecontainertools.github.com/v1alpha2'),
  kind: z.literal('Plugin'),
  metadata: z.strictObject({ name: z.string().regex(/^[\w-]+$/) }),
  spec: z.strictObject({
    version: z.string().regex(/^v\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/),
    homepage: z.url(),
    shortDescription: z
      .string()
      .regex(/^[^\r\n]+$/)
      .max(60),
    description: z.string(),
    caveats: z.string(),
    platforms: z
      .array(
        z.strictObject({
          selector: z.strictObject({
            matchLabels: z.strictObject({
              os: z.enum(['linux', 'darwin', 'windows']),
              arch: z.enum(['amd64', 'arm64']),
            }),
          }),
          uri: z.url({ protocol: /^https$/ }),
          sha256: z.string().regex(/^[a-f0-9]{64}$/),
          files: z.array(z.strictObject({ from: z.string().min(1), to: z.literal('.') })).min(1),
          bin: z.string().min(1),
        }),
      )
      .min(1),
  }),
});

describe('the manifest for Krew', () => {
  const made = krewManifest({ template, version: '1.2.3', sums });
  const manifest = Krew.parse(load(made.text));

  it('is named as its file, so that kubectl-headwind is what is installed', () => {
    expect(manifest.metadata.name).toBe('headwind');
    expect(manifest.spec.version).toBe('v1.2.3');
    expect(made.missing).toEqual([]);
  });

  it('has each platform that is released, once', () => {
    expect(manifest.spec.platforms.map(({ selector }) => selector.matchLabels)).toEqual(
      RELEASED.map(({ os, arch }) => ({ os, arch })),
    );
  });

  it.each(RELEASED)(
    'installs the plugin on $os/$arch, out of its archive with the sum of that',
    (platform) => {
      const { os, arch, node } = platform;
      const found = manifest.spec.platforms.find(
        ({ selector: { matchLabels: labels } }) => labels.os === os && labels.arch === arch,
      );
      const archive = archiveFile('kubectl-headwind', platform);
      const bin = programFile('kubectl-headwind', node);

      expect(found).toMatchObject({
        uri: `https://github.com/headwind-sh/headwind/releases/download/v1.2.3/${archive}`,
        sha256: sums.get(archive),
        bin,
      });
      expect(found?.files.map(({ from }) => from)).toEqual([bin, 'LICENSE', 'THIRD-PARTY-LICENSES']);
    },
  );

  it('leaves out a platform without an archive, and says so', () => {
    const [first] = sums;
    const some = krewManifest({
      template,
      version: '1.2.3',
      sums: new Map(first === undefined ? [] : [first]),
    });

    expect(Krew.parse(load(some.text)).spec.platforms).toHaveLength(1);
    expect(some.missing).toEqual([...sums.keys()].slice(1));
  });
});
