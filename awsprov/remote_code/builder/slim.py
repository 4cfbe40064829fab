"""Says which files of an environment no function imports, by rules that fit every package.

- Tests inside packages, which are four of ten modules in numpy, scipy and scikit-learn, unless code outside of tests
  refers to them in an import or in a string. Their `__init__.py` files are kept, as an `__all__` may list them.
- Type stubs, unless the package reads its own at run time, as with lazy_loader.

Headers are kept: some packages compile code at run time, and which ones cannot be known.
"""

import ast
import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import accumulate, repeat
from multiprocessing import get_context
from os.path import relpath
from pathlib import Path, PurePosixPath

_TESTS = "tests"
_READS_STUBS = "attach_stub"  # lazy_loader's function that reads a package's stub
STUB = ".pyi"  # ends the name of a type stub
_PACKAGE = "__init__.py"
_AT_ONCE = 32  # modules that a process reads one after the other


@dataclass(frozen=True)
class References:
    """Which tests and stubs modules outside of tests refer to. A module's references depend on nothing but its source.

    Arguments:
        tests: the test directories that it refers to, by the name of the module.
        stubs: the modules that read stubs at run time.
    """

    tests: Mapping[str, list[str]] = field(default_factory=dict)
    stubs: frozenset[str] = frozenset()

    def with_those_of(self, others: "References") -> "References":
        """Return these and the references of other modules."""
        return References({**self.tests, **others.tests}, self.stubs | others.stubs)


def references(site: Path, names: Iterable[str]) -> References:
    """Read modules; return what they refer to.

    Arguments:
        site: the directory of the packages.
        names: the names of files in it, among them the modules.
    """
    modules = [name for name in sorted(names) if name.endswith(".py") and not _in_tests(PurePosixPath(name))]
    # Parsing the large packages takes one core several seconds. Other start methods need a socket with a short path.
    processes = min(os.cpu_count() or 1, len(modules) // _AT_ONCE + 1)
    with ProcessPoolExecutor(processes, mp_context=get_context("fork")) as pool:
        found = dict(zip(modules, pool.map(_references, modules, repeat(site), chunksize=_AT_ONCE), strict=True))
    tests = {name: directories for name, (directories, _) in found.items() if directories}
    return References(tests, frozenset(name for name, (_, reads_stubs) in found.items() if reads_stubs))


def _in_tests(name: PurePosixPath) -> bool:
    return _TESTS in name.parts or name.name == "conftest.py"


def _references(name: str, site: Path) -> "tuple[list[str], bool]":
    """Return the test directories that a module refers to, and whether it reads stubs."""
    path = site / name
    text = path.read_text(encoding="utf-8", errors="replace")
    directories = set(_referenced_directories(text, path, site)) if _TESTS in text else set()
    return sorted(relpath(each, site) for each in directories), _READS_STUBS in text


def unused(names: "set[str]", references: References) -> "set[str]":
    """Return the files that are not used.

    Arguments:
        names: the names of all files in the directory of the packages.
        references: what the modules among them refer to.
    """
    kept = {each for directories in references.tests.values() for each in directories}
    tests = {name for name in names if f"{_TESTS}/" in name and _is_test(name, names, kept)}
    readers = {name.partition("/")[0] for name in references.stubs}
    return tests | {name for name in names if name.endswith(STUB) and _is_stub(name, readers)}


def _is_test(name: str, names: "set[str]", kept: "set[str]") -> bool:
    """Return whether a file belongs to the tests of a package, and nothing refers to them."""
    *directories, file = name.split("/")
    if _TESTS not in directories or file == _PACKAGE:
        return False
    if not kept.isdisjoint([".", *accumulate(directories, "{}/{}".format), name]):
        return False
    around = (directories[:place] for place, each in enumerate(directories) if each == _TESTS)
    return any("/".join([*package, _PACKAGE]) in names for package in around)


def _is_stub(name: str, readers: "set[str]") -> bool:
    """Return whether a stub is in a package that does not read it, and that does not consist of stubs."""
    package, separator, _ = name.partition("/")
    return bool(separator) and package not in readers and not package.endswith("-stubs")


def _referenced_directories(text: str, path: Path, site: Path) -> Iterator[Path]:
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
