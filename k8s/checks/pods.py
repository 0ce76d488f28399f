"""What every pod and container keeps to: the restricted profile of Kubernetes' pod security, probes, limits."""

import tomllib

from rendering import Rendering, at

RESTRICTED_POD = {
    "automountServiceAccountToken": False,
    "enableServiceLinks": False,
    "securityContext.runAsNonRoot": True,
    "securityContext.seccompProfile.type": "RuntimeDefault",
    "hostNetwork": None,
    "hostPID": None,
    "hostIPC": None,
}
RESTRICTED_CONTAINER = {
    "securityContext.allowPrivilegeEscalation": False,
    "securityContext.readOnlyRootFilesystem": True,
    "securityContext.capabilities": {"drop": ["ALL"]},
    "securityContext.privileged": None,
    "securityContext.runAsUser": None,
}
PROBES = {"startupProbe": None, "readinessProbe": "readiness", "livenessProbe": None}
VOLUMES = {"emptyDir", "configMap", "secret", "projected", "persistentVolumeClaim"}


def pods_are_restricted(rendering: Rendering):
    """every pod is non-root, without token, service links and host rights, under the runtime's seccomp profile"""
    for workload in rendering.workloads():
        yield from _differences(workload.name, workload.pod, RESTRICTED_POD)
        if not (at(workload.pod, "securityContext.runAsUser") or 0) > 0:
            yield f"{workload.name}: no numeric user other than root"
        for volume in workload.pod.get("volumes", []):
            if not VOLUMES & volume.keys():
                yield f"{workload.name}: volume {volume['name']} is of a kind that the restricted profile refuses"


def containers_are_restricted(rendering: Rendering):
    """every container has a read-only root, no capability and no way to more rights"""
    for workload in rendering.workloads():
        for name, container in workload.containers():
            yield from _differences(name, container, RESTRICTED_CONTAINER)


def containers_have_probes(rendering: Rendering):
    """every serving container has the three gRPC probes on a port that it opens; only readiness asks the database"""
    for workload in rendering.workloads():
        for container in workload.serving():
            ports = [port["containerPort"] for port in container.get("ports", [])]
            for probe, service in PROBES.items():
                grpc = at(container, f"{probe}.grpc")
                if not grpc or grpc["port"] not in ports or grpc.get("service") != service:
                    yield f"{workload.name}/{container['name']}: {probe} is {grpc}"


def containers_have_limits(rendering: Rendering):
    """every container asks for and is limited to an amount of processor and memory"""
    for workload in rendering.workloads():
        for name, container in workload.containers():
            for path in ("requests.cpu", "requests.memory", "limits.cpu", "limits.memory"):
                if not at(container, f"resources.{path}"):
                    yield f"{name}: resources.{path} is missing"


def images_are_of_this_version(rendering: Rendering):
    """every image carries the version of the workspace, never latest"""
    with open(rendering.top / "Cargo.toml", "rb") as file:
        version = tomllib.load(file)["workspace"]["package"]["version"]
    for workload in rendering.workloads():
        for name, container in workload.containers():
            if container["image"] != f"junheng:{version}":
                yield f"{name}: {container['image']}, the workspace is at {version}"


def pods_have_time_to_drain(rendering: Rendering):
    """preStop, drain and ten seconds for the last seal and telemetry fit into the grace period"""
    with open(rendering.top / "services/junheng/junheng.default.toml", "rb") as file:
        default = tomllib.load(file)["limits"]["drain_seconds"]
    for workload in rendering.workloads():
        for container in workload.serving():
            pause = at(container, "lifecycle.preStop.sleep.seconds")
            if not pause:
                yield f"{workload.name}: no preStop sleep"
            drain = rendering.settings_of(workload, container).get("JUNHENG_LIMITS__DRAIN_SECONDS", default)
            if (pause or 0) + int(drain) + 10 > workload.pod.get("terminationGracePeriodSeconds", 30):
                yield f"{workload.name}: {pause} + {drain} + 10 seconds do not fit"


def mounts_have_volumes(rendering: Rendering):
    """every mount names a volume or claim, and the data and /tmp folders can be written"""
    for workload in rendering.workloads():
        volumes = {volume["name"] for volume in workload.pod.get("volumes", [])}
        volumes |= {claim["metadata"]["name"] for claim in workload.thing["spec"].get("volumeClaimTemplates", [])}
        for name, container in workload.containers():
            mounts = {mount["mountPath"]: mount["name"] for mount in container.get("volumeMounts", [])}
            yield from (f"{name}: no volume {volume}" for volume in mounts.values() if volume not in volumes)
            if container in workload.serving():
                folder = rendering.settings_of(workload, container).get("JUNHENG_SERVE__DATA_DIR")
                yield from (f"{name}: nothing mounted at {path}" for path in (folder, "/tmp") if path not in mounts)


def _differences(name: str, thing: dict, wanted: dict):
    for path, value in wanted.items():
        if at(thing, path) != value:
            yield f"{name}: {path} is {at(thing, path)!r}, not {value!r}"
