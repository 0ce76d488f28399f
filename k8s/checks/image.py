"""The image's recipe and what goes into its build."""

import fnmatch
import re
import shutil
import subprocess
import tomllib

from rendering import Rendering
from secrets_and_settings import complaints_of

DOCKERFILE = "k8s/Dockerfile"
USER = "10740"


def dockerfile_is_clean(rendering: Rendering):
    """the Dockerfile passes hadolint without a remark"""
    command = [shutil.which("hadolint") or "hadolint", "--no-color", DOCKERFILE]
    run = subprocess.run(command, cwd=rendering.top, capture_output=True, text=True, check=False)
    yield from run.stdout.splitlines() + run.stderr.splitlines()


def image_runs_without_root(rendering: Rendering):
    """the image's user is the numeric one of the pods, and both stages are of pinned releases"""
    text = (rendering.top / DOCKERFILE).read_text(encoding="utf-8")
    if re.findall(r"^USER (.*)$", text, re.M)[-1:] != [f"{USER}:{USER}"]:
        yield f"the last USER is not {USER}:{USER}"
    if f"runAsUser: {USER}\n" not in (rendering.top / "k8s/base/workload.yaml").read_text(encoding="utf-8"):
        yield f"the pods run as another user than {USER}"
    for image in re.findall(r"^FROM (\S+)", text, re.M):
        if ":" not in image or image.endswith(":latest"):
            yield f"{image} is not pinned to a release"


def image_builds_with_the_workspaces_compiler(rendering: Rendering):
    """the builder has the workspace's Rust, and both stages the same Debian"""
    builder, runtime = re.findall(r"^FROM \w+:(\S+)", (rendering.top / DOCKERFILE).read_text(encoding="utf-8"), re.M)
    rust = _workspace(rendering)["package"]["rust-version"]
    if not builder.startswith(f"{rust}-"):
        yield f"the builder is {builder}, the workspace wants {rust}"
    if builder.split("-")[-1] != runtime.split("-")[0]:
        yield f"built on {builder}, run on {runtime}"


def image_settings_are_known(rendering: Rendering):
    """every setting in the image is a key of junheng.default.toml"""
    with open(rendering.top / "services/junheng/junheng.default.toml", "rb") as file:
        defaults = tomllib.load(file)
    text = (rendering.top / DOCKERFILE).read_text(encoding="utf-8")
    for key, value in re.findall(r"(JUNHENG_\w+)=(\S+)", text):
        yield from complaints_of(defaults, key, value)


def build_sees_the_workspace_and_no_secret(rendering: Rendering):
    """every member of the workspace is in the build's context; secrets, data and git's own files are not"""
    lines = (rendering.top / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    members = [f"{member}/Cargo.toml" for member in _workspace(rendering)["members"]]
    for path in [*members, "Cargo.toml", "Cargo.lock", "services/junheng/junheng.default.toml"]:
        if _ignored(rules, path):
            yield f"{path} is kept out of the build"
    for path in (".git/config", "target/x", "junheng-data/secrets.toml", "secrets/gateway.env",
                 "services/junheng/junheng-data/accounts.db", "services/a/secrets.toml", "tests/target/x"):
        if not _ignored(rules, path):
            yield f"{path} gets into the build"


def _workspace(rendering: Rendering) -> dict:
    with open(rendering.top / "Cargo.toml", "rb") as file:
        return tomllib.load(file)["workspace"]


def _ignored(rules: list[str], path: str) -> bool:
    """As Docker reads the file: the last rule that takes the path or a folder above it decides."""
    parts = path.split("/")
    above = ["/".join(parts[: count + 1]) for count in range(len(parts))]
    ignored = False
    for rule in rules:
        pattern = rule.removeprefix("!")
        if pattern.startswith("**/"):
            hit = any(fnmatch.fnmatch(part, pattern[3:]) for part in parts)
        else:
            hit = any(folder.count("/") == pattern.count("/") and fnmatch.fnmatch(folder, pattern) for folder in above)
        if hit:
            ignored = not rule.startswith("!")
    return ignored
