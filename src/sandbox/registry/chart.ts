import { gzipSync } from 'node:zlib';
import { descriptor, tarOf, type TinyImage } from './image.ts';
import { OCI_MANIFEST } from './manifest.ts';

export interface ChartOptions {
  readonly name: string;
  readonly version: string;
}

/**
 * A valid Helm chart with nothing to install, as `helm push` puts it into a registry
 * (https://helm.sh/docs/topics/registries/). The same options give the same bytes, so the same digest.
 */
export function tinyChart({ name, version }: ChartOptions): TinyImage {
  const metadata = { apiVersion: 'v2', name, version, appVersion: version, type: 'application' };
  const config = Buffer.from(JSON.stringify(metadata));
  // JSON is YAML.
  const layer = gzipSync(tarOf(`${name}/Chart.yaml`, config));
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: descriptor('application/vnd.cncf.helm.config.v1+json', config),
      layers: [descriptor('application/vnd.cncf.helm.chart.content.v1.tar+gzip', layer)],
    }),
  );
  return { manifest, config, layer };
}
