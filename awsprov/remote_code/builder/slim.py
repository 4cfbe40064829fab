"""Deletes files that no function imports from an environment, by rules that fit every package.

- Tests inside packages, which are four of ten modules in numpy, scipy and scikit-learn, unless code outside of tests
  refers to them in an import or in a string. Their `__init__.py` files are kept, as an `__all__` may list them.
- Type stubs, unless the package reads its own at run time, as with lazy_loader.

Headers are kept: some packages compile code at run time, and which ones cannot be known.
"""

import ast
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

_TESTS = "tests"
_READS_STUBS = "attach_stub"  # lazy_loader's function that reads a package's stub


def delete_unused(site: Path) -> str:
    """Delete the files below the directory of the packages; return how many, for people."""
    kept = set(_referenced(site))
    to_delete = [path for path in _tests(site) if not kept & {path, *path.parents}]
    for path in to_delete:
        path.unlink()
    stubs = [path for package in site.iterdir() if package.is_dir() for path in _stubs(package)]
    for stub in stubs:
        stub.unlink()
    return f"deleted {len(to_delete)} test files and {len(stubs)} type stubs"


def _tests(site: Path) -> list[Path]:
    """Return the files of tests inside packages, without `__init__.py` files."""
    found = [path for directory in site.rglob(_TESTS) if _is_package(directory.parent) for path in directory.rglob("*")]
    return [path for path in dict.fromkeys(found) if path.is_file() and path.name != "__init__.py"]


def _is_package(directory: Path) -> bool:
    return (directory / "__init__.py").exists()


def _stubs(package: Path) -> list[Path]:
    found = list(package.rglob("*.pyi"))
    reads = found and any(_READS_STUBS in _text(path) for path in package.rglob("*.py"))
    return [] if reads or package.name.endswith("-stubs") else found


def _referenced(site: Path) -> Iterator[Path]:
    """Yield the test directories that code outside of tests refers to."""
    modules = [path for path in site.rglob("*.py") if _may_refer(path, site)]
    # Parsing the large packages takes one core several seconds. Other start methods need a socket with a short path.
    with ProcessPoolExecutor(mp_context=get_context("fork")) as pool:
        for directories in pool.map(_directories, modules, repeat(site), chunksize=8):
            yield from directories


def _may_refer(path: Path, site: Path) -> bool:
    """Return whether a module is outside of tests and mentions tests; `conftest.py` belongs to tests."""
    return _TESTS not in path.relative_to(site).parts and path.name != "conftest.py" and _TESTS in _text(path)


def _directories(path: Path, site: Path) -> set[Path]:
    return set(_references(_text(path), path, site))


def _references(text: str, path: Path, site: Path) -> Iterator[Path]:
    """Yield the test directories that a module refers to; if that is unclear, the whole package around it."""
    package = site.joinpath(*path.relative_to(site).parts[:-1][:2])
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError):
        yield package
        return
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (_directory(site, alias.name) for alias in node.names if _names_tests(alias.name))
        elif isinstance(node, ast.ImportFrom):
            start = path.parents[node.level - 1] if node.level else site
            names = [f"{node.module or ''}.{alias.name}" for alias in node.names]
            yield from (_directory(start, name) for name in names if _names_tests(name))
        elif isinstance(node, ast.Call | ast.BinOp | ast.JoinedStr):
            for string in _strings(node):
                if _names_tests(string.replace("/", ".")):
                    yield _directory(site, string) if "." in string.strip(".") and "/" not in string else package


def _strings(node: ast.AST) -> Iterator[str]:
    """Yield the strings in a call, in a concatenation of strings or paths, or in an f-string."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Constant) and isinstance(child.value, str):
            yield child.value


def _names_tests(name: str) -> bool:
    return _TESTS in name.split(".")


def _directory(start: Path, name: str) -> Path:
    """Return the test directory in a dotted name."""
    parts = [part for part in name.split(".") if part]
    return start.joinpath(*parts[: parts.index(_TESTS) + 1])


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
