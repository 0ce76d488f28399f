"""Runs every promise on every rendering: `python checks TOP RENDERED NAME…`."""

import sys
from pathlib import Path

import image
import network
import pods
import promise
import schema
import secrets_and_settings
import wiring
from rendering import Rendering


def main(top: Path, rendered: Path, names: list[str]) -> int:
    passed = failed = 0
    runs = [(promise.of(image), "image", Rendering.empty("image", top))]
    for name in names:
        rendering = Rendering.read(name, rendered / f"{name}.yaml", top)
        for module in (schema, pods, wiring, network, secrets_and_settings):
            runs.append((promise.of(module), name, rendering))
    for promises, name, rendering in runs:
        for check in promises:
            complaints = complaints_of(check, rendering)
            passed, failed = passed + (not complaints), failed + bool(complaints)
            print(f"{'FAILED' if complaints else 'ok':6}  {name:8}  {check.__doc__}")
            for complaint in complaints:
                print(f"                  {complaint}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


def complaints_of(check, rendering: Rendering) -> list[str]:
    """What breaks a promise; an object so wrong that it cannot be read breaks it too."""
    try:
        return list(check(rendering))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return [f"cannot be told: {error!r}"]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
