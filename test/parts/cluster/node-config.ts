import { dump } from 'js-yaml';

/** Where containerd listens, inside the node. */
export const CONTAINERD_SOCKET = '/run/containerd.sock';

/** How the node calls itself: by this name the API server finds the kubelet's port, which is led here (see node.ts). */
export const NODE_NAME = 'localhost';

export interface ContainerdOptions {
  /** Holds images and containers. */
  readonly directory: string;
  readonly registryHost: string;
  readonly sandboxImage: string;
  readonly runc: string;
  readonly cniPlugins: string;
  readonly cniConfig: string;
}

/**
 * containerd's configuration (https://github.com/containerd/containerd/blob/main/docs/cri/config.md), in TOML. Images
 * are unpacked by copying, which works on every file system.
 */
export function containerdConfig(options: ContainerdOptions): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = ${JSON.stringify(options.directory)}
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]
[grpc]
address = "${CONTAINERD_SOCKET}"
[${cri}]
restrict_oom_score_adj = true
sandbox_image = ${JSON.stringify(options.sandboxImage)}
stream_server_address = "127.0.0.1"
[${cri}.cni]
bin_dir = ${JSON.stringify(options.cniPlugins)}
conf_dir = ${JSON.stringify(options.cniConfig)}
[${cri}.containerd]
snapshotter = "native"
default_runtime_name = "runc"
[${cri}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[${cri}.containerd.runtimes.runc.options]
BinaryName = ${JSON.stringify(options.runc)}
[${cri}.registry.mirrors.${JSON.stringify(options.registryHost)}]
endpoint = [${JSON.stringify(`http://${options.registryHost}`)}]
`;
}

/** The pods' network: a bridge of the node with room for a thousand pods, and no way out of it. */
export const CNI_CONFIG = JSON.stringify({
  cniVersion: '0.4.0',
  name: 'headwind',
  plugins: [
    {
      type: 'bridge',
      bridge: 'headwind0',
      isGateway: true,
      ipMasq: false,
      ipam: {
        type: 'host-local',
        ranges: [[{ subnet: '10.88.0.0/22' }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
  ],
});

/** The kubelet's configuration (https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/), in YAML. */
export function kubeletConfig({ cgroup, port }: { readonly cgroup: string; readonly port: number }): string {
  return dump({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    address: '127.0.0.1',
    port,
    healthzBindAddress: '127.0.0.1',
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${cgroup}`,
    enforceNodeAllocatable: [],
    failSwapOn: false,
    makeIPTablesUtilChains: false,
    resolvConf: '',
    maxPods: 400,
    serializeImagePulls: false,
    registryPullQPS: 0,
    // Zero would mean five in a second: most Events of a busy moment would be thrown away.
    eventRecordQPS: 200,
    eventBurst: 1000,
    kubeAPIQPS: 200,
    kubeAPIBurst: 400,
    // Every ten seconds unless told: so long would the node take to become ready.
    nodeStatusUpdateFrequency: '2s',
    evictionHard: { 'memory.available': '10Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    // A full disk of the machine is no reason to throw the images of a test away.
    imageGCHighThresholdPercent: 100,
  });
}
