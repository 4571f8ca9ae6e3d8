"""What the programs of a node read: containerd, its network, the kubelet and kube-proxy."""

import json
from pathlib import Path
from typing import Any

import yaml

from localcluster.realnode.addresses import Addresses

SOCKET = Path("/run/containerd/containerd.sock")
"""In the node's own /run."""
PAUSE = "registry.k8s.io/pause:3.10"

CONTAINERD = """\
version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
[grpc]
  address = "{socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  disable_apparmor = true
  # A machine may not let even root lower the score, and then no sandbox would start.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{registries}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{cni}"
    conf_dir = "{network}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
"""


def containerd(*, cni: Path, network: Path, registries: Path) -> str:
    """For containerd 1.6 and newer: `cni` has the plugins, `network` the configuration for them, `registries` a
    directory `<host>` or `_default` with a `hosts.toml` for each registry that is not where its name says.
    """
    return CONTAINERD.format(socket=SOCKET, pause=PAUSE, cni=cni, network=network, registries=registries)


def network(addresses: Addresses) -> str:
    """Every pod gets a link of its own, so that what goes from pod to pod passes the rules of kube-proxy as well."""
    ipam = {
        "type": "host-local",
        "dataDir": "/run/cni",
        "ranges": [[{"subnet": str(addresses.pods)}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    plugins = [{"type": "ptp", "ipam": ipam}]
    return json.dumps({"cniVersion": "0.4.0", "name": "pods", "plugins": plugins})


def kubelet(addresses: Addresses, *, cgroup: str, longest_back_off: str) -> str:
    """Who reaches its port may do everything in the node: that is the machine, and the node's own pods."""
    return _yaml(
        "kubelet.config.k8s.io/v1beta1",
        "KubeletConfiguration",
        {
            "address": addresses.node,
            "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
            "authorization": {"mode": "AlwaysAllow"},
            "containerRuntimeEndpoint": f"unix://{SOCKET}",
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{cgroup}",
            "failCgroupV1": False,
            "failSwapOn": False,
            "serializeImagePulls": False,
            "evictionHard": {"memory.available": "50Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
            "imageGCHighThresholdPercent": 100,
            "imageGCLowThresholdPercent": 99,
            "crashLoopBackOff": {"maxContainerRestartPeriod": longest_back_off},
            "nodeStatusUpdateFrequency": "2s",  # looks so often, for devices that fall sick
            "nodeStatusReportFrequency": "5m",  # writes without a change so often
        },
    )


def kube_proxy(addresses: Addresses, name: str, kubeconfig: Path) -> str:
    """With nftables. What it knows of connections is the whole machine's, so those settings are left alone."""
    return _yaml(
        "kubeproxy.config.k8s.io/v1alpha1",
        "KubeProxyConfiguration",
        {
            "mode": "nftables",
            "hostnameOverride": name,
            "bindAddress": addresses.node,
            "clusterCIDR": str(addresses.pods),
            "clientConnection": {"kubeconfig": str(kubeconfig)},
            "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
            "nftables": {"minSyncPeriod": "100ms"},
            "healthzBindAddress": "127.0.0.1:10256",
            "metricsBindAddress": "127.0.0.1:10249",
        },
    )


def _yaml(version: str, kind: str, fields: dict[str, Any]) -> str:
    return yaml.safe_dump({"apiVersion": version, "kind": kind, **fields}, sort_keys=False)
