"""The objects of one overlay, as kustomize renders them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator

import yaml

WORKLOADS = ("Deployment", "StatefulSet", "Job")


@dataclass
class Rendering:
    """What one overlay applies."""

    name: str
    top: Path
    objects: list[dict] = field(default_factory=list)

    @staticmethod
    def read(name: str, path: Path, top: Path) -> "Rendering":
        documents = yaml.safe_load_all(path.read_text(encoding="utf-8"))
        return Rendering(name, top, [document for document in documents if document])

    @staticmethod
    def empty(name: str, top: Path) -> "Rendering":
        return Rendering(name, top)

    def kind(self, *kinds: str) -> list[dict]:
        return [thing for thing in self.objects if thing["kind"] in kinds]

    def workloads(self) -> list["Workload"]:
        return [Workload(thing) for thing in self.kind(*WORKLOADS)]

    def settings_of(self, workload: "Workload", container: dict) -> dict[str, str | None]:
        """The environment of a container: name and value; None for a value from a Secret."""
        maps = {thing["metadata"]["name"]: thing["data"] for thing in self.kind("ConfigMap")}
        found: dict[str, str | None] = {}
        for source in container.get("envFrom", []):
            found |= maps.get(source.get("configMapRef", {}).get("name"), {})
        for variable in container.get("env", []):
            found[variable["name"]] = variable.get("value")
        return found


@dataclass
class Workload:
    """Something that makes pods."""

    thing: dict

    @property
    def name(self) -> str:
        return self.thing["metadata"]["name"]

    @property
    def template(self) -> dict:
        return self.thing["spec"]["template"]

    @property
    def pod(self) -> dict:
        return self.template["spec"]

    @property
    def labels(self) -> dict[str, str]:
        return self.template["metadata"]["labels"]

    @property
    def runs_once(self) -> bool:
        return self.thing["kind"] == "Job"

    def containers(self) -> Iterator[tuple[str, dict]]:
        """All of them, the initial ones too, each with a name for complaints."""
        for container in self.pod.get("initContainers", []) + self.pod["containers"]:
            yield f"{self.name}/{container['name']}", container

    def serving(self) -> list[dict]:
        return [] if self.runs_once else self.pod["containers"]


def selects(selector: dict | None, labels: dict[str, str]) -> bool:
    """Whether a label selector takes these labels; an empty one takes all. Expressions are not used here."""
    selector = selector or {}
    if "matchExpressions" in selector:
        raise ValueError("matchExpressions are not understood by this check")
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())


def at(thing: dict, path: str):
    """The value at `a.b.c`, None where a part is missing."""
    for part in path.split("."):
        thing = (thing or {}).get(part)
    return thing
