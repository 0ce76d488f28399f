"""Settings are known to the program, secrets to the example."""

import tomllib

from rendering import Rendering

PREFIX = "JUNHENG_"
EXAMPLE = "k8s/overlays/suite/secrets.example.env"
# Without these a role that shares no folder with the others would make keys of its own, and seal data that nobody can
# open once its pod is gone.
NEVER_OWN = ("JUNHENG_IDENTITY__KEY", "JUNHENG_IDENTITY__TRUSTED", "JUNHENG_PRIVACY__KEYRING")


def settings_are_known(rendering: Rendering):
    """every variable is a key of junheng.default.toml and its value of that key's type"""
    defaults = _defaults(rendering)
    for workload in rendering.workloads():
        for name, container in workload.containers():
            for key, value in rendering.settings_of(workload, container).items():
                yield from (f"{name}: {complaint}" for complaint in complaints_of(defaults, key, value))


def secrets_are_in_the_example(rendering: Rendering):
    """every key of a Secret stands in the example's section of its role, under the variable's own name, and is a must"""
    sections = _example(rendering)
    for workload in rendering.workloads():
        for name, container in workload.containers():
            for variable in container.get("env", []):
                source = variable.get("valueFrom", {}).get("secretKeyRef")
                if not source:
                    continue
                role = source["name"].removeprefix("junheng-")
                if source["key"] not in sections.get(role, []):
                    yield f"{name}: {source['name']}/{source['key']} is not in the example"
                if source["key"] != variable["name"] or source.get("optional"):
                    yield f"{name}: {variable['name']} comes from {source}"
                if role != workload.name.removeprefix("junheng-"):
                    yield f"{name} reads the secrets of {role}"


def roles_bring_their_keys(rendering: Rendering):
    """a role without a volume of its own is given its keys and one database, all from Secrets"""
    for workload in rendering.workloads():
        if workload.thing["spec"].get("volumeClaimTemplates"):
            continue
        for container in workload.serving():
            secret = [v["name"] for v in container.get("env", []) if "valueFrom" in v]
            yield from (f"{workload.name}: {key} is missing" for key in NEVER_OWN if key not in secret)
            databases = [key for key in secret if key.startswith("JUNHENG_DATABASE__")]
            if len(databases) != 1:
                yield f"{workload.name} is given the databases {databases}"
            if "--role" not in container["args"]:
                yield f"{workload.name} has no role"


def example_has_no_stray_line(rendering: Rendering):
    """every line of the example is a known setting, and is used"""
    defaults, used = _defaults(rendering), set()
    for workload in rendering.workloads():
        for _, container in workload.containers():
            used |= {(workload.name, v["name"]) for v in container.get("env", []) if "valueFrom" in v}
    for role, keys in _example(rendering).items():
        for key in keys:
            yield from complaints_of(defaults, key, None)
            if used and (f"junheng-{role}", key) not in used:
                yield f"{role}: {key} is used by nobody"


def complaints_of(defaults: dict, key: str, value: str | None):
    """What is wrong with one variable, as the program would say it."""
    if not key.startswith(PREFIX):
        return
    thing = defaults
    for part in key.removeprefix(PREFIX).lower().split("__"):
        thing = thing.get(part) if isinstance(thing, dict) else None
    if thing is None or isinstance(thing, dict):
        yield f"{key} names no setting"
    elif isinstance(thing, bool) and value not in (None, "true", "false"):
        yield f"{key} must be true or false"
    elif isinstance(thing, int) and not isinstance(thing, bool) and value is not None and not value.isdigit():
        yield f"{key} must be a whole number"


def _defaults(rendering: Rendering) -> dict:
    with open(rendering.top / "services/junheng/junheng.default.toml", "rb") as file:
        return tomllib.load(file)


def _example(rendering: Rendering) -> dict[str, list[str]]:
    """The keys of each section; a section begins with a comment of one word."""
    sections: dict[str, list[str]] = {}
    role = ""
    for line in (rendering.top / EXAMPLE).read_text(encoding="utf-8").splitlines():
        if line.startswith("# ") and len(line.split()) == 2:
            role = line[2:]
        elif "=" in line and not line.startswith("#"):
            sections.setdefault(role, []).append(line.split("=", 1)[0])
    return sections
