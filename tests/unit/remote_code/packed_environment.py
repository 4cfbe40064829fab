"""An environment of libraries with its start pack, and processes that import from it."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pydantic_core
import typing_extensions

from awsprov.remote_code.builder import start_pack, tree, workspace
from awsprov.remote_code.builder.compression import WITH_ZLIB, Compression
from awsprov.remote_code.function import unpack

RESOURCES = Path(unpack.__file__).parent
# What each distribution holds. `demo` reads data beside it, asks for its own version and runs a part of itself.
FILES = {
    "demo/__init__.py": "from pathlib import Path\nfrom importlib.metadata import version\nfrom demo import used\n"
    "DATA = (Path(__file__).parent / 'data' / 'read.txt').read_text()\nVERSION = version('demo')\n",
    "demo/used.py": "def f():\n    return 'source'\n",
    "demo/unused.py": "NUMBER = 7\n",
    "demo/deep/__init__.py": "",
    "demo/deep/later.py": "from demo.used import f\n",
    "demo/data/read.txt": "read",
    "demo/data/unread.txt": "unread",
    "space/one/__init__.py": "NAME = 'one'\n",
    "space/two/__init__.py": "NAME = 'two'\n",
    "demo-1.5.dist-info/METADATA": "Metadata-Version: 2.1\nName: demo\nVersion: 1.5\n",
    "demo-1.5.dist-info/RECORD": "",
    "space_two-2.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: space-two\nVersion: 2.0\n",
}
HANDLER = (
    "import boto3\nfrom botocore.exceptions import ClientError\nTABLE = boto3.client('s3')\nimport demo, space.one\n"
)

# Code that waits until the copy at LOCAL is complete.
COMPLETE = f"import os, time\nwhile not os.path.exists(LOCAL + '/{workspace.INDEX}'): time.sleep(0.01)\n"

Packer = Callable[..., str]


def create(site: Path, more: Mapping[str, str] = MappingProxyType({})) -> Path:
    """Create an environment with unchecked bytecode, as a build does."""
    shutil.copytree(Path(pydantic_core.__file__).parent, site / "pydantic_core")
    shutil.copy(typing_extensions.__file__, site)
    for name, text in {**FILES, **more}.items():
        path = site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    command = [
        sys.executable,
        "-m",
        "compileall",
        "-qq",
        "-f",
        "-s",
        str(site),
        "--invalidation-mode",
        "unchecked-hash",
    ]
    subprocess.run([*command, str(site)], check=False)  # some files may not be Python
    return site


def add_pack(
    site: Path, code: str, files: Path | None = None, compression: Compression = WITH_ZLIB, /, **variables: str
) -> None:
    """Add the start pack of a handler to an environment; the builder's commands must be on PATH."""
    bundle, into = site.with_name("code.zip"), site.with_name("pack")
    with zipfile.ZipFile(bundle, "w") as archive:
        archive.writestr("app.py", code)
    about = {"code": str(bundle), "handler": "app.handler", "variables": variables}
    entries = tree.describe_all(site, 1)
    for path in start_pack.make(site, {"app": about}, into, files, entries=entries, compression=compression):
        path.replace(site / path.name)


def index(site: Path) -> Any:
    return json.loads((site / workspace.INDEX).read_text())


def python(site: Path, code: str, home: Path, *, packed: bool = True) -> str:
    """Return the output of a new process that imports from the environment only, after it unpacked the start pack.

    Arguments:
        site: the environment.
        code: what the process runs. `LOCAL` is the entry on sys.path.
        home: where the start pack is unpacked.
        packed: whether the start pack is used at all.
    """
    unpacked = (
        f"import sys; sys.path.insert(0, {str(RESOURCES.parent)!r}); from function import unpack; sys.path.pop(0)\n"
    )
    unpacked += f"LOCAL = unpack.use_start_pack({str(site)!r}, {str(home)!r})\n"
    start = unpacked if packed else f"import sys\nLOCAL = {str(site)!r}\n"
    ran = subprocess.run(
        [sys.executable, "-S", "-B", "-c", start + code],
        env={"PYTHONPATH": str(site), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def cut(site: Path) -> None:
    """Cut the end of the start pack off."""
    path = site / workspace.PACK
    path.write_bytes(path.read_bytes()[:-10])


def spoil(site: Path) -> None:
    """Change a byte in the middle of the start pack."""
    path = site / workspace.PACK
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
