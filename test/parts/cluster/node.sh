#!/bin/sh
# Process 1 of a node, in namespaces of its own for processes, mounts and network (see node.ts). When it ends, the
# kernel ends every process in there, pods included, and mounts and network links go with them.
# usage: node.sh BUSYBOX READY_FILE ADDRESS
set -eu

# Places that kubelet, containerd and the network plugins have no option for: nothing of theirs reaches the machine's own.
for place in /run /var/lib/kubelet /var/lib/cni /var/log/pods /var/log/containers; do
  mkdir -p "$place"
  mount -t tmpfs headwind "$place"
done
"$1" ip link set lo up
# Where pods, which have loopback interfaces of their own, find the API server and the registry (see node.ts).
"$1" ip address add "$3/32" dev lo
: >"$2"

# Orphaned processes become children of process 1; this wait collects them when they end.
"$1" sleep 2147483647 &
wait
