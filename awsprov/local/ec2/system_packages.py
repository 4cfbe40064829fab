"""Packages of Amazon Linux that an instance can install: what they contain has to be on this machine.

Nothing is installed on this machine. A package whose contents are missing is refused, with what is missing.
"""

import shutil
import sys
import sysconfig
from ctypes.util import find_library
from pathlib import Path

# What each package contains: a program, a header or a shared library. Their contents are those of Amazon Linux 2023.
_CONTENTS = {
    "binutils": "ld", "bzip2-devel": "bzlib.h", "cmake": "cmake", "expat-devel": "expat.h", "gcc": "cc",
    "gcc-c++": "c++", "gcc-gfortran": "gfortran", "git": "git", "gmp-devel": "gmp.h", "libcurl-devel": "curl/curl.h",
    "libffi-devel": "ffi.h", "libgomp": "lib gomp", "libjpeg-turbo-devel": "jpeglib.h", "libpng-devel": "png.h",
    "libpq": "lib pq", "libpq-devel": "pg_config", "libxml2-devel": "libxml2/libxml/xmlversion.h",
    "libxslt-devel": "libxslt/xslt.h", "libyaml-devel": "yaml.h", "make": "make", "mariadb-connector-c-devel":
    "mariadb_config", "ninja-build": "ninja", "openssl-devel": "openssl/ssl.h", "patchelf": "patchelf",
    "pkgconf-pkg-config": "pkg-config", "sqlite-devel": "sqlite3.h", "unixODBC-devel": "sql.h", "xz-devel": "lzma.h",
    "zlib-devel": "zlib.h",
}  # fmt: skip


def is_known(package: str) -> bool:
    """Return whether there is an entry for a package."""
    return package in _CONTENTS


def problem(package: str) -> str:
    """Return why a package cannot be installed; empty if it can."""
    if sys.platform != "linux":
        return f"{package}: the local cloud builds on Linux only: what is built on macOS does not fit a function"
    wanted = _CONTENTS[package]
    return (
        "" if _is_here(wanted) else f"{package}: {wanted} is not on this machine; install it here with your own system"
    )


def _is_here(wanted: str) -> bool:
    if wanted.startswith("lib "):
        return find_library(wanted.removeprefix("lib ")) is not None
    if wanted.endswith(".h"):
        return any((directory / wanted).exists() for directory in _include_directories())
    return shutil.which(wanted) is not None


def _include_directories() -> list[Path]:
    base = Path("/usr/include")
    triplet = sysconfig.get_config_var("MULTIARCH")
    return [base, Path("/usr/local/include"), *([base / triplet] if triplet else [])]
