"""A virtual environment for each scanner: each needs hundreds of packages, in other versions than the others."""

import subprocess
import sys
import venv
from pathlib import Path

HOME = Path(".scanners")  # ignored by git; together some 2.5 GB
PACKAGES = {
    "prowler": "prowler==5.46.0",
    "scoutsuite": "ScoutSuite==5.14.0",
    "checkov": "checkov==3.3.30",
    "parliament": "parliament==1.6.4 setuptools<80",  # it imports pkg_resources, which later ones do not have
}


def python(name: str) -> Path:
    """Return the interpreter of a scanner's environment, which is created if it is missing."""
    home = HOME.absolute() / name
    interpreter, marker = home / "bin" / "python", home / ".installed"
    if not marker.exists() or marker.read_text() != PACKAGES[name]:
        print(f"{name}: installing {PACKAGES[name]}; some minutes …", file=sys.stderr, flush=True)
        venv.create(home, clear=True, symlinks=True)
        uv = Path(sys.executable).with_name("uv")
        install = [str(uv), "pip", "install", "--quiet", "--python", str(interpreter)]
        subprocess.run([*install, *PACKAGES[name].split()], check=True)
        marker.write_text(PACKAGES[name])
    return interpreter
