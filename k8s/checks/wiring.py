"""Objects that name or select others find them."""

from rendering import Rendering, at, selects


def services_reach_pods(rendering: Rendering):
    """every Service selects the pods of exactly one workload and leads to a port that they open"""
    for service in rendering.kind("Service"):
        name, spec = service["metadata"]["name"], service["spec"]
        behind = [w for w in rendering.workloads() if selects({"matchLabels": spec["selector"]}, w.labels)]
        if len(behind) != 1:
            yield f"Service {name} selects {[workload.name for workload in behind]}"
        for port in spec["ports"]:
            for workload in behind:
                opened = [p for c in workload.pod["containers"] for p in c.get("ports", [])]
                if port["targetPort"] not in [p["name"] for p in opened] + [p["containerPort"] for p in opened]:
                    yield f"Service {name}: {workload.name} opens no port {port['targetPort']}"


def workloads_select_their_own_pods(rendering: Rendering):
    """every workload, disruption budget and spread selects the pods of one workload only"""
    for workload in rendering.workloads():
        selector = workload.thing["spec"]["selector"]
        yield from _not_only(rendering, workload.name, selector, [workload.name])
        for spread in workload.pod.get("topologySpreadConstraints", []):
            yield from _not_only(rendering, f"spread of {workload.name}", spread["labelSelector"], [workload.name])
            if spread["whenUnsatisfiable"] != "ScheduleAnyway":
                yield f"{workload.name}: a strict spread leaves pods pending while a node drains"
    for budget in rendering.kind("PodDisruptionBudget"):
        name = budget["metadata"]["name"]
        yield from _not_only(rendering, f"budget {name}", budget["spec"]["selector"], [name])


def named_objects_exist(rendering: Rendering):
    """every account, ConfigMap, autoscaled workload and route's Service that is named exists"""
    names = {(thing["kind"], thing["metadata"]["name"]) for thing in rendering.objects}
    wanted = []
    for workload in rendering.workloads():
        wanted.append(("ServiceAccount", workload.pod["serviceAccountName"], workload.name))
        for name, container in workload.containers():
            wanted += [("ConfigMap", s["configMapRef"]["name"], name) for s in container.get("envFrom", [])]
    for scaler in rendering.kind("HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]
        wanted.append((target["kind"], target["name"], scaler["metadata"]["name"]))
    for route in rendering.kind("HTTPRoute"):
        backends = [backend for rule in route["spec"]["rules"] for backend in rule["backendRefs"]]
        wanted += [("Service", backend["name"], "the route") for backend in backends]
    for kind, name, by in wanted:
        if (kind, name) not in names:
            yield f"{by} names {kind} {name}, which is not there"


def replicas_can_be_replaced(rendering: Rendering):
    """a Deployment runs twice or more, is replaced without a gap and has a budget; its number has one owner"""
    scalers = {scaler["spec"]["scaleTargetRef"]["name"]: scaler["spec"] for scaler in rendering.kind("HorizontalPodAutoscaler")}
    budgets = {budget["metadata"]["name"] for budget in rendering.kind("PodDisruptionBudget")}
    for workload in rendering.workloads():
        if workload.thing["kind"] != "Deployment":
            continue
        replicas, scaler = workload.thing["spec"].get("replicas"), scalers.get(workload.name)
        if (replicas is None) == (scaler is None):
            yield f"{workload.name}: replicas {replicas} with autoscaler {scaler is not None}"
        if (scaler["minReplicas"] if scaler else replicas or 1) < 2:
            yield f"{workload.name} runs once"
        if at(workload.thing, "spec.strategy.rollingUpdate.maxUnavailable") != 0:
            yield f"{workload.name}: a rollout may take a pod away before its successor serves"
        if workload.name not in budgets:
            yield f"{workload.name} has no disruption budget"


def files_have_one_owner(rendering: Rendering):
    """what keeps files is one pod with a claim of its own"""
    for workload in rendering.workloads():
        if workload.thing["kind"] == "StatefulSet" and workload.thing["spec"].get("replicas") != 1:
            yield f"{workload.name} runs more than once on SQLite"


def _not_only(rendering: Rendering, name: str, selector: dict, wanted: list[str]):
    found = [workload.name for workload in rendering.workloads() if selects(selector, workload.labels)]
    if found != wanted:
        yield f"{name} selects {found}, not {wanted}"
