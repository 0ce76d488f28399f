"""Every object is what Kubernetes takes."""

import kubernetes_validate

from rendering import Rendering

# The oldest that has the preStop sleep, and the newest that the schemas know.
VERSIONS = ("1.30", kubernetes_validate.latest_version())
# Kinds that clusters learn from elsewhere; no schema of theirs is at hand.
LEARNT = ("gateway.networking.k8s.io/",)


def objects_fit_the_schemas(rendering: Rendering):
    """every object fits Kubernetes' schemas, oldest and newest supported, and has no unknown field"""
    for thing in rendering.objects:
        if thing["apiVersion"].startswith(LEARNT):
            continue
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(thing, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                path = ".".join(str(part) for part in error.path)
                yield f"{thing['kind']} {thing['metadata']['name']} ({version}): {path}: {error.message[:160]}"
            except kubernetes_validate.SchemaNotFoundError as error:
                yield f"{thing['kind']} {thing['metadata']['name']}: {error.message}"


def objects_have_names_of_their_own(rendering: Rendering):
    """no two objects of a kind share a name, and none names a namespace"""
    seen = set()
    for thing in rendering.objects:
        key = (thing["kind"], thing["metadata"]["name"])
        if key in seen:
            yield f"{key} stands twice"
        seen.add(key)
        if "namespace" in thing["metadata"]:
            yield f"{key} names a namespace"
