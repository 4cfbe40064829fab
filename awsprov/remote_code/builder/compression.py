"""Compression of the start pack: with zstd, which functions decompress in a third of zlib's time, or with zlib.

Python has zstd from 3.14 on, with the extension module `_zstd`. Before, a wheel has this module, which `zstd.txt` has
with its hash. It is never part of an environment. The start pack contains it, for the process that unpacks.

The wheel is downloaded from the package index that the lock file's packages are from, and from no other. Its hash is
compared in each build, as code that was imported on the builder may have changed it.
"""

import hashlib
import importlib
import io
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from importlib import resources
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from . import pip_install
from .workspace import report

ZLIB, ZSTD = "zlib", "zstd"
_ZLIB_LEVEL = 4  # level 6 saves 4 % and takes twice as long; all take the same time to decompress
_LEVEL = 6  # 14 % smaller than with zlib, in two thirds of the time; level 9 saves 1 % more, and takes twice as long
_LEVEL_PARAMETER, _CHECKSUM_PARAMETER = 100, 201  # ZSTD_c_compressionLevel and ZSTD_c_checksumFlag (zstd.h)


class Compression(NamedTuple):
    """How blocks are compressed.

    Attributes:
        name: the name in the index of the start pack.
        compress: compresses a block.
        extension: the content of the extension module that functions need for it; empty for none.
    """

    name: str
    compress: Callable[[bytes], bytes]
    extension: bytes = b""


WITH_ZLIB = Compression(ZLIB, lambda content: zlib.compress(content, _ZLIB_LEVEL))


def best(work: Path, index: str) -> Compression:
    """Return zstd if this builder can have it, otherwise zlib; report why.

    Arguments:
        work: the working directory, in which the wheel stays for the next build.
        index: the URL of the package index; empty for none.
    """
    try:
        return _with_zstd(importlib.import_module("_zstd"))
    except ImportError:  # before Python 3.14
        pass
    try:
        extension = _extension(work / ZSTD, index)
        return _with_zstd(_loaded(extension), extension)
    except (_UnavailableError, ImportError) as error:
        report(f"start pack: compressed with zlib, as zstd is not available, so that cold starts take longer: {error}")
        return WITH_ZLIB


def decompressor(name: str, extension: bytes) -> "Callable[[bytes], bytes]":
    """Return what decompresses blocks.

    Arguments:
        name: the name of the compression.
        extension: the content of the extension module for it; empty for none.
    """
    if name == ZLIB:
        return zlib.decompress
    zstd: Any = _loaded(extension) if extension else importlib.import_module("_zstd")
    return lambda content: zstd.ZstdDecompressor().decompress(content)


class _UnavailableError(Exception):
    """There is no wheel; the message says why."""


def _with_zstd(zstd: ModuleType, extension: bytes = b"") -> Compression:
    options = {_LEVEL_PARAMETER: _LEVEL, _CHECKSUM_PARAMETER: 1}

    def compress(content: bytes) -> bytes:
        compressor = zstd.ZstdCompressor(options=options)
        compressed: bytes = compressor.compress(content, compressor.FLUSH_FRAME)
        return compressed

    return Compression(ZSTD, compress, extension)


def _loaded(extension: bytes) -> ModuleType:
    """Return the module of an extension module.

    Raises:
        ImportError: it is for another platform.
    """
    with tempfile.NamedTemporaryFile(suffix=EXTENSION_SUFFIXES[0]) as file:
        file.write(extension)
        file.flush()
        spec: Any = spec_from_file_location("_zstd", file.name)
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
    return module


def _extension(directory: Path, index: str) -> bytes:
    """Return the content of the extension module, from a wheel in a directory, to which it is downloaded if necessary.

    Raises:
        _UnavailableError: it cannot be downloaded.
    """
    pins = _pins()
    if not (wheel := _wheel(directory, pins)):
        if not index:
            raise _UnavailableError("no package of the lock file is from a package index")
        directory.mkdir(exist_ok=True)
        (directory / "zstd.txt").write_text(pins)
        subprocess.run(pip_install.download_command(directory, directory / "zstd.txt", index), check=False)
        if not (wheel := _wheel(directory, pins)):
            raise _UnavailableError(f"pip downloaded no wheel for this Python and platform from {index}")
    return zipfile.ZipFile(io.BytesIO(wheel)).read(f"backports/zstd/_zstd{EXTENSION_SUFFIXES[0]}")


def _pins() -> str:
    return resources.files(__package__ or "").joinpath("zstd.txt").read_text(encoding="utf-8")


def _wheel(directory: Path, pins: str) -> bytes:
    """Return the wheel for this Python, if it is there and has the right hash; otherwise nothing."""
    found = directory.glob(f"*-cp{sys.version_info.major}{sys.version_info.minor}-*.whl")
    contents = [path.read_bytes() for path in found]
    return next((content for content in contents if hashlib.sha256(content).hexdigest() in pins), b"")
