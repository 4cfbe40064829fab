"""Installs packages with pip and as the builder does, and imports them, for benchmarks."""

import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import NamedTuple

from awsprov.local.ec2 import shims
from awsprov.packaging.index_access import IndexAccess
from awsprov.packaging.install_target import InstallTarget
from awsprov.packaging.installation import installation_of
from awsprov.packaging.lockfile import Lock
from awsprov.resources.compute.builder_session import programs

ROOT = Path(__file__).parents[1] / "awsprov" / "remote_code"
HANDLER = """
import mysql.connector, numpy, openai, pandas, psycopg2, requests, sklearn.linear_model
from pdfminer.high_level import extract_text
from sklearn.feature_extraction.text import TfidfVectorizer

def handler(event, context):
    return pandas.DataFrame({"a": [1]}).to_dict()
"""
PACKAGES = ("numpy", "pandas", "scikit-learn", "requests", "openai", "pdfminer.six", "mysql-connector-python",
            "psycopg2-binary")  # fmt: skip


class Locked(NamedTuple):
    """Requirements with exact versions and hashes, and the package index that they are from."""

    requirements: Path
    package_index: str


def lock(work: Path, packages: tuple[str, ...]) -> Locked:
    """Write requirements with exact versions and hashes, so that both sides install the same, and none resolves.

    Arguments:
        work: the directory to write to.
        packages: the names of the packages.

    Returns:
        The file, and the package index.
    """
    requirements = work / "requirements.txt"
    requirements.write_text("".join(f"{name}\n" for name in packages))
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    resolved = Lock(requirements, work / "requirements.lock", InstallTarget(version)).resolved(IndexAccess())
    installable = work / "installable.txt"
    installable.write_text(installation_of(resolved, "wheels", IndexAccess()).requirements)
    return Locked(installable, resolved.index)


def download(directory: Path, requirements: Path) -> None:
    """Download the wheels of requirements into a directory, and so into pip's cache."""
    _pip("download", f"--dest={directory}", f"--requirement={requirements}")


def pip(target: Path, requirements: Path, *options: str) -> float:
    """Run `pip install --target`.

    Arguments:
        target: the directory to install to.
        requirements: what is installed.
        options: more options of pip.

    Returns:
        The seconds that it took.
    """
    start = time.monotonic()
    _pip("install", "--root-user-action=ignore", *options, f"--target={target}", f"--requirement={requirements}")
    return time.monotonic() - start


def _pip(command: str, *options: str) -> None:
    common = ["--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--quiet"]
    subprocess.run([sys.executable, "-m", "pip", command, *common, *options], check=True)


def install(root: Path, locked: Locked, work: Path) -> float:
    """Build and publish an environment with the builder's programs, with its start pack.

    Arguments:
        root: the file system. The environment is in `envs/new`.
        locked: what is installed.
        work: the directory for the builder's home directory.

    Returns:
        The seconds that it took.
    """
    home = work / "builder"
    home.mkdir()
    (home / "builder.zip").write_bytes(programs())
    shims.install(home / "bin", "", home)
    handler = HANDLER if "openai" in locked.requirements.read_text() else "import sklearn.linear_model\n"
    with zipfile.ZipFile(home / "code.zip", "w") as bundle:
        bundle.writestr("app.py", handler)
    handlers = {"app": {"code": str(home / "code.zip"), "handler": "app.handler", "variables": {}}}
    (home / "handlers.json").write_text(json.dumps(handlers))
    shutil.copy(locked.requirements, home / "requirements.txt")  # the build writes to it
    common = [f"--work={home}/work", "--name=new"]
    inputs = [f"--requirements={home}/requirements.txt", f"--index={locked.package_index}"]
    inputs += [f"--handlers={home}/handlers.json", "--manifests"]
    environment = {**os.environ, "PATH": f"{home}/bin{os.pathsep}{os.environ['PATH']}"}
    start = time.monotonic()
    for options in (["build", *common, *inputs], ["publish", *common, f"--root={root}"]):
        command = [sys.executable, str(home / "builder.zip"), *options]
        subprocess.run(command, check=True, stdout=sys.stderr, env=environment)
    return time.monotonic() - start


def import_seconds(site: Path, unpack_to: Path | None = None) -> float:
    """Import the handler's module in a new process.

    The process ends without freeing everything, which takes 0.3 s: a function's process does not end.

    Arguments:
        site: the directory on sys.path with the packages.
        unpack_to: the directory to which the start pack of `site` is unpacked; None to import without it.

    Returns:
        The seconds until it was imported, with the start of the process.
    """
    start_pack = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from function import unpack; sys.path.pop(0)\n"
    call = f"unpack.use_start_pack({str(site)!r}, {str(unpack_to)!r})"
    unpacking = f"{start_pack}assert {call} != {str(site)!r}\n" if unpack_to else ""
    environment = {**os.environ, "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
    start = time.monotonic()
    command = [sys.executable, "-S", "-c", f"{unpacking}{HANDLER}import os\nos._exit(0)\n"]
    subprocess.run(command, env=environment, check=True, stdout=sys.stderr)
    return time.monotonic() - start
