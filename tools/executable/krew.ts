import { dump, load } from 'js-yaml';
import { z } from 'zod';

/** Fields in the order in which the template has them. */
const Fields = z.record(z.string(), z.unknown());

export interface KrewManifest {
  readonly text: string;
  /** The archives that the template names and that there are none of: their platforms are left out. */
  readonly missing: readonly string[];
}

/**
 * The manifest for Krew (https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest/). `sums` are the SHA-256 sums of
 * archives, in hexadecimal, by their names. Throws where the template is none.
 */
export function krewManifest({
  template,
  version,
  sums,
}: {
  readonly template: string;
  readonly version: string;
  readonly sums: ReadonlyMap<string, string>;
}): KrewManifest {
  const manifest = Fields.parse(load(template.replaceAll('{{version}}', version)));
  const spec = Fields.parse(manifest['spec']);
  const missing: string[] = [];
  const platforms = z
    .array(Fields)
    .parse(spec['platforms'])
    .flatMap((platform) => {
      const uri = z.url().parse(platform['uri']);
      const archive = uri.slice(uri.lastIndexOf('/') + 1);
      const sha256 = sums.get(archive);
      if (sha256 !== undefined) return [{ ...platform, sha256 }];
      missing.push(archive);
      return [];
    });
  const filled = { ...manifest, spec: { ...spec, platforms } };
  return { text: dump(filled, { lineWidth: -1, noRefs: true }), missing };
}
