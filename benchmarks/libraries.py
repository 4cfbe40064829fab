"""The packages that are installed and imported in the benches, and our own scripts run as the builder runs them."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

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
EVERYTHING = ("numpy", "pandas", "scikit-learn", "requests", "openai", "pdfminer.six", "mysql-connector-python",
              "psycopg2-binary")  # fmt: skip


def lock(work: Path, packages: tuple[str, ...]) -> Path:
    """Exact versions and hashes, so that both sides of a comparison install the same and none resolves."""
    requirements = work / "requirements.txt"
    requirements.write_text("".join(f"{name}\n" for name in packages))
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    made = Lock(requirements, work / "requirements.lock", InstallTarget(version)).resolved(IndexAccess())
    installable = work / "installable.txt"
    installable.write_text(installation_of(made, "wheels", IndexAccess()).requirements)
    return installable


def pip(target: Path, requirements: Path, *options: str) -> float:
    """`pip install --target`; returns the seconds that it took."""
    ours = ["--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--quiet", "--root-user-action=ignore"]
    command = [sys.executable, "-m", "pip", "install", *ours, *options, f"--target={target}"]
    began = time.monotonic()
    subprocess.run([*command, f"--requirement={requirements}"], check=True)
    return time.monotonic() - began


def install(
    root: Path, requirements: Path, work: Path, name: str = "ours", *, code: str = "", after: str = ""
) -> float:
    """The builder's programs with all that they do, start pack included; returns the seconds that they took.

    Arguments:
        root: the file system.
        requirements: what is installed.
        work: where the builder's home directory is.
        name: the environment's.
        code: the handler's module; by default what fits the requirements.
        after: the environment that the same builder installed before; none for a new builder.
    """
    home = work / "builder"
    if not after:
        shutil.rmtree(home, ignore_errors=True)
    home.mkdir(exist_ok=True)
    (home / "builder.zip").write_bytes(programs())
    shims.install(home / "bin", "", home)
    with zipfile.ZipFile(home / "code.zip", "w") as bundle:
        fitting = HANDLER if "openai" in requirements.read_text() else "import sklearn.linear_model\n"
        bundle.writestr("app.py", code or fitting)
    about = {"app": {"code": str(home / "code.zip"), "handler": "app.handler", "variables": {}}}
    (home / "handlers.json").write_text(json.dumps(about))
    common = [f"--work={home}/work", f"--name={name}"]
    environment = {**os.environ, "PATH": f"{home}/bin{os.pathsep}{os.environ['PATH']}"}
    shutil.copy(requirements, home / "requirements.txt")  # the build writes to it
    manifests = {name: (root / "envs" / name / "manifest.json").read_bytes() for name in [after] if name}
    published = [f"{name}={hashlib.sha256(content).hexdigest()}" for name, content in manifests.items()]
    given = [f"--requirements={home}/requirements.txt", f"--handlers={home}/handlers.json", "--manifests", *published]
    began = time.monotonic()
    for options in (
        ["build", *common, *given],
        ["publish", *common, f"--root={root}"],
    ):
        command = [sys.executable, str(home / "builder.zip"), *options]
        subprocess.run(command, check=True, stdout=sys.stderr, env=environment)
    return time.monotonic() - began


def imported(site: Path, bring_to: Path | None = None) -> float:
    """Seconds from the start of a process until the handler's module is imported.

    The process ends without freeing everything, which takes 0.3 s: a function's process does not end.

    Arguments:
        site: what stands on sys.path.
        bring_to: where the start pack is brought first, if it is.
    """
    start = f"import sys; sys.path.insert(0, {str(ROOT / 'function')!r}); import unpack; sys.path.pop(0)\n"
    call = f"unpack.use_start_pack({str(site)!r}, {str(bring_to)!r})"
    bring = f"{start}assert {call} != {str(site)!r}\n" if bring_to else ""
    environment = {**os.environ, "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-S", "-c", f"{bring}{HANDLER}import os\nos._exit(0)\n"]
    began = time.monotonic()
    subprocess.run(command, env=environment, check=True, stdout=sys.stderr)
    return time.monotonic() - began
