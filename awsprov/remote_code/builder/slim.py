"""Runs on the builder: takes out of an environment what no function imports, by rules that hold for any package.

Packages bring their own tests: in numpy, scipy and scikit-learn four of ten modules. Those go that nothing outside of
tests speaks of, in an import or in what it calls; their packages stay, empty, for they may be listed in an `__all__`.
Type stubs go unless a package reads its own at run time, as those do that use lazy_loader. Headers stay: some packages
compile when they run, and nobody can tell which.
"""

import argparse
import ast
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

_TESTS = "tests"
_READS_STUBS = "attach_stub"  # lazy_loader: the stub says what the package holds


def main() -> None:
    """Take it out, and say how much."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--site", required=True, help="where the packages are")
    site = Path(parser.parse_args().site)
    kept = set(_spoken_of(site))
    to_delete = [path for path in _tests(site) if not kept & {path, *path.parents}]
    for path in to_delete:
        path.unlink()
    stubs = [path for package in site.iterdir() if package.is_dir() for path in _stubs(package)]
    for stub in stubs:
        stub.unlink()
    print(f"left out: {len(to_delete)} files of tests, {len(stubs)} stubs", flush=True)


def _tests(site: Path) -> list[Path]:
    """The files of tests inside packages, without those that make packages of them."""
    found = [path for directory in site.rglob(_TESTS) if _is_package(directory.parent) for path in directory.rglob("*")]
    return [path for path in dict.fromkeys(found) if path.is_file() and path.name != "__init__.py"]


def _is_package(directory: Path) -> bool:
    return (directory / "__init__.py").exists()


def _stubs(package: Path) -> list[Path]:
    found = list(package.rglob("*.pyi"))
    reads = found and any(_READS_STUBS in _text(path) for path in package.rglob("*.py"))
    return [] if reads or package.name.endswith("-stubs") else found


def _spoken_of(site: Path) -> Iterator[Path]:
    """The directories whose tests stay, because somebody outside of tests speaks of them."""
    speakers = [path for path in site.rglob("*.py") if _may_speak(path, site)]
    with ProcessPoolExecutor() as pool:  # reading the large packages takes seconds of one core
        for places in pool.map(_places, speakers, repeat(site), chunksize=8):
            yield from places


def _may_speak(path: Path, site: Path) -> bool:
    """Nothing imports pytest's `conftest.py`, and what tests say of tests does not count."""
    return _TESTS not in path.relative_to(site).parts and path.name != "conftest.py" and _TESTS in _text(path)


def _places(path: Path, site: Path) -> set[Path]:
    return set(_mentions(_text(path), path, site))


def _mentions(text: str, path: Path, site: Path) -> Iterator[Path]:
    """The directories that one module speaks of; all around it, where that is not quite clear."""
    around = site.joinpath(*path.relative_to(site).parts[:-1][:2])
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError):
        yield around
        return
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (_place(site, alias.name) for alias in node.names if _speaks(alias.name))
        elif isinstance(node, ast.ImportFrom):
            start = path.parents[node.level - 1] if node.level else site
            names = [f"{node.module or ''}.{alias.name}" for alias in node.names]
            yield from (_place(start, name) for name in names if _speaks(name))
        elif isinstance(node, ast.Call | ast.BinOp | ast.JoinedStr):
            for said in _strings(node):
                if _speaks(said.replace("/", ".")):
                    yield _place(site, said) if "." in said.strip(".") and "/" not in said else around


def _strings(node: ast.AST) -> Iterator[str]:
    """What stands in a call, in a sum of strings or paths, or in a formatted string."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Constant) and isinstance(child.value, str):
            yield child.value


def _speaks(name: str) -> bool:
    return _TESTS in name.split(".")


def _place(start: Path, name: str) -> Path:
    """The directory of tests that a dotted name leads into."""
    parts = [part for part in name.split(".") if part]
    return start.joinpath(*parts[: parts.index(_TESTS) + 1])


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


if __name__ == "__main__":
    main()
