"""Finds the handlers that a project has already."""

import ast
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from awsprov.files import read_limited
from awsprov.packaging.source_survey import MAX_SIZE

_SKIPPED = {"node_modules", "site-packages", "__pycache__", "venv"}
_NO_CODE = {"test", "tests", "build", "dist", "cdk.out"}  # tests, and copies that tools make
_MAX_DIRECTORIES, _MAX_DEPTH = 2000, 6
_USUAL_DIRECTORIES = ("", "src", "lambda_src")  # below the project
_ARGUMENTS = ["event", "context"]
_USUAL_NAMES = {"handler", "lambda_handler"}
# What makes a handler of a web application, which has routes of its own: of Mangum and of apig-wsgi.
_ADAPTERS = {"Mangum", "make_lambda_handler"}
# Only files with such a line are parsed, so that the search is fast in a large repository.
_LIKELY = re.compile(
    rb"^(def[ \t]+(handler\b|lambda_handler\b|\w+\s*\(\s*event\b)|(lambda_)?handler\s*[:=])", re.MULTILINE
)
_MODULE = re.compile(r"[\w-]+")  # a part of a module's name, as it can be imported


@dataclass(frozen=True, order=True)
class HandlerPlace:
    """Where a handler is that exists already.

    Arguments:
        source: the directory that is the source of its function.
        name: the handler, as config.yaml names it.
        is_web_app: whether it passes all requests to an application of a web framework.
    """

    source: Path
    name: str
    is_web_app: bool = False


def handlers_in(source: Path) -> list[HandlerPlace]:
    """Return the handlers in the files of a directory; those below it only if it has none itself."""
    own = list(_handlers(source, source))
    return own or [found for each in _code_directories(source) for found in _handlers(each, source)]


def handlers_of_project(project: Path) -> list[HandlerPlace]:
    """Return the handlers in the usual directories of a project; those elsewhere in it only if these have none."""
    usual = [found for name in _USUAL_DIRECTORIES for found in _handlers(project / name)]
    return usual or [found for each in _code_directories(project) for found in _handlers(each, _root(each, project))]


def directories(root: Path) -> Iterator[Path]:
    """Yield a directory and those in it, within bounds, without hidden ones and those of tools."""
    for count, (directory, names, _) in enumerate(os.walk(root)):
        depth = len(Path(directory).relative_to(root).parts)
        deeper = depth < _MAX_DEPTH and count < _MAX_DIRECTORIES
        names[:] = sorted(n for n in names if deeper and _is_own(Path(directory, n)))
        yield Path(directory)


def _is_own(directory: Path) -> bool:
    """Return whether a directory is not hidden, and not one that a tool made, such as a virtual environment."""
    name = directory.name
    return name not in _SKIPPED and not name.startswith(".") and not (directory / "pyvenv.cfg").exists()


def _code_directories(root: Path) -> Iterator[Path]:
    return (each for each in directories(root) if not _NO_CODE & set(each.relative_to(root).parts))


def _root(directory: Path, project: Path) -> Path:
    """Return the directory from which the modules of one are imported: a package is imported as a whole."""
    while directory != project and (directory / "__init__.py").exists():
        directory = directory.parent
    return directory


def _handlers(directory: Path, source: Path | None = None) -> Iterator[HandlerPlace]:
    """Yield the handlers in the files of a directory."""
    source = source or directory
    for file in sorted(directory.glob("*.py")):
        parts = file.relative_to(source).with_suffix("").parts
        if file.name.startswith("test_") or not all(map(_MODULE.fullmatch, parts)):
            continue
        yield from (HandlerPlace(source, ".".join([*parts, name]), is_web) for name, is_web in _names(file).items())


def _names(file: Path) -> dict[str, bool]:
    """Return the names in a module that Lambda could call, and whether each is that of a web application.

    There are none if it cannot be read or parsed.
    """
    try:
        content = read_limited(file, MAX_SIZE)
        body = ast.parse(content).body if _LIKELY.search(content) else []
        return {name: _is_adapter(each) for each in body if (name := _handler_name(each))}
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return {}


def _handler_name(statement: ast.stmt) -> str:
    """Return the name of the handler that a statement defines; empty if it defines none."""
    match statement:
        case ast.FunctionDef(name=name) if _is_handler(statement):
            return name
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=called))
            | ast.AnnAssign(target=ast.Name(id=name), value=ast.Call(func=called))
        ) if name in _USUAL_NAMES and not ast.unparse(called).endswith("Handler"):
            return name  # as `handler = Mangum(app)`; not as `handler = logging.StreamHandler()`
    return ""


def _is_adapter(statement: ast.stmt) -> bool:
    """Return whether a statement makes a handler of an application, as `handler = Mangum(app)` does."""
    match statement:
        case ast.Assign(value=ast.Call(func=called)) | ast.AnnAssign(value=ast.Call(func=called)):
            return ast.unparse(called).rpartition(".")[2] in _ADAPTERS
    return False


def _is_handler(function: ast.FunctionDef) -> bool:
    """Return whether a function takes an event and a context, by their names or by its own."""
    names = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    return names == _ARGUMENTS or (len(names) == len(_ARGUMENTS) and function.name in _USUAL_NAMES)
