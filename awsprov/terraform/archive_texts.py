"""Finds the files whose texts an `archive_file` has in blocks `source { content = file(…) }`."""

from pathlib import Path
from typing import Any

from awsprov.files import read_limited
from awsprov.packaging.handler_search import directories
from awsprov.terraform.archives import archives, module_file
from awsprov.terraform.resource import Infrastructure, ParsedResource

_MAX_SIZE = 1024 * 1024  # bytes of a file of code


def archive_texts(function: ParsedResource, infrastructure: Infrastructure) -> dict[str, Any]:
    """Return the texts in a function's archive, by the names that they have there; empty if it has none."""
    blocks = [block for archive in archives(function, infrastructure) for block in archive.blocks("source")]
    return {str(block.get("filename")): block.get("content") for block in blocks}


def located(texts: dict[str, Any], handler: str, roots: list[Path]) -> tuple[Path, str] | None:
    """Return the directory that has the handler's module under its own name, and the handler there.

    Arguments:
        texts: those of the archive.
        handler: the handler in the archive, whose module can have another name there.
        roots: the directories to look in.

    Returns:
        None if no file has the text of the module.
    """
    name = module_file(handler)
    found = _files_with(texts.get(name), roots)
    for file in found:
        if file.as_posix().endswith(f"/{name}"):
            return Path(file.as_posix().removesuffix(f"/{name}")), handler
    return (found[0].parent, f"{found[0].stem}.{handler.rpartition('.')[2]}") if found else None


def missing_texts(texts: dict[str, Any], handler: str, directory: Path) -> list[str]:
    """Return the names in an archive, without that of the handler's module, that a directory has no such file for."""
    return sorted(
        name
        for name, text in texts.items()
        if name != module_file(handler) and not _has_text(directory / name, _encoded(text))
    )


def _files_with(text: Any, roots: list[Path]) -> list[Path]:
    wanted = _encoded(text)
    files = (file for root in roots for directory in directories(root) for file in sorted(directory.glob("*.py")))
    return list(dict.fromkeys(file for file in files if _has_text(file, wanted))) if wanted else []


def _encoded(text: Any) -> bytes:
    return text.encode() if isinstance(text, str) else b""


def _has_text(file: Path, wanted: bytes) -> bool:
    try:
        return bool(wanted) and file.stat().st_size == len(wanted) and read_limited(file, _MAX_SIZE) == wanted
    except OSError:
        return False
