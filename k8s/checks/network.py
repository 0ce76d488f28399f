"""The network is closed, and open where a role calls another."""

from urllib.parse import urlsplit

from rendering import Rendering, Workload, selects

LINK = "JUNHENG_SERVICES__"
DATABASE = "JUNHENG_DATABASE__"


def pods_are_closed(rendering: Rendering):
    """every pod is under a policy of both directions"""
    for workload in rendering.workloads():
        types = {kind for policy in _policies_of(rendering, workload) for kind in policy["policyTypes"]}
        if types != {"Ingress", "Egress"}:
            yield f"{workload.name}: policies of {sorted(types)} only"


def policies_find_pods(rendering: Rendering):
    """every policy applies to pods, and every peer of the suite that it names exists"""
    labels = [workload.labels for workload in rendering.workloads()]
    for policy in rendering.kind("NetworkPolicy"):
        name, spec = policy["metadata"]["name"], policy["spec"]
        if not any(selects(spec["podSelector"], own) for own in labels):
            yield f"{name} applies to no pod"
        for direction, side in (("ingress", "from"), ("egress", "to")):
            for rule in spec.get(direction, []):
                for peer in rule.get(side, []):
                    inside = "podSelector" in peer and "namespaceSelector" not in peer
                    if inside and not any(selects(peer["podSelector"], own) for own in labels):
                        yield f"{name}: the peer {peer} is no pod"


def links_are_open_and_nothing_else(rendering: Rendering):
    """a role reaches exactly the roles that its settings name, on the port named, in both directions of the policies"""
    workloads = {workload.name: workload for workload in rendering.workloads()}
    for caller in workloads.values():
        targets = {}
        for container in caller.serving():
            for key, value in rendering.settings_of(caller, container).items():
                if key.startswith(LINK) and value:
                    targets[urlsplit(value).hostname] = urlsplit(value).port
        for missing in targets.keys() - workloads.keys():
            yield f"{caller.name} is told of {missing}, which is not there"
        for callee in workloads.values():
            out = _allows(_policies_of(rendering, caller), "egress", "to", callee, callee)
            into = _allows(_policies_of(rendering, callee), "ingress", "from", caller, callee)
            linked = callee.name in targets
            open_to_all = "gateway" in callee.labels.get("app.kubernetes.io/component", "") or len(workloads) == 1
            if linked and not (targets[callee.name] in out and targets[callee.name] in into):
                yield f"{caller.name} → {callee.name}: out {out}, in {into}, called at {targets[callee.name]}"
            if not linked and (out or into and not open_to_all):
                yield f"{caller.name} → {callee.name} is open and not used"


def databases_can_be_reached(rendering: Rendering):
    """a pod that is given a database may call one and look its name up"""
    for workload in rendering.workloads():
        keys = [key for _, c in workload.containers() for key in rendering.settings_of(workload, c)]
        if any(key.startswith(DATABASE) for key in keys):
            ports = [p["port"] for policy in _policies_of(rendering, workload)
                     for rule in policy.get("egress", []) for p in rule.get("ports", [])]
            yield from (f"{workload.name}: nothing opens port {port}" for port in (53, 5432) if port not in ports)


def _policies_of(rendering: Rendering, workload: Workload) -> list[dict]:
    policies = [policy["spec"] for policy in rendering.kind("NetworkPolicy")]
    return [policy for policy in policies if selects(policy["podSelector"], workload.labels)]


def _allows(policies: list[dict], direction: str, side: str, peer: Workload, target: Workload) -> set[int]:
    """The ports of `target` that the policies open to or from the pods of `peer`."""
    named = {p["name"]: p["containerPort"] for c in target.pod["containers"] for p in c.get("ports", [])}
    found = set()
    for rule in [rule for policy in policies for rule in policy.get(direction, [])]:
        pods = [selector for selector in rule.get(side, []) if "podSelector" in selector]
        if side not in rule or any(selects(p["podSelector"], peer.labels) for p in pods):
            found |= {named.get(port["port"], port["port"]) for port in rule.get("ports", [])}
    return found
