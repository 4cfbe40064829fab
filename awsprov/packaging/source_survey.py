"""What Python's parser finds in a function's source: what a module defines, and which modules it imports at its start.

A Python other than awsprov's own runs this file as a script, as each version has a syntax and a standard library of its
own. So it uses the standard library only, and nothing of what it reads is executed.
"""

import ast
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MAX_SIZE = 8 * 1024 * 1024  # bytes of a file with code
_ASYNC = "an `async` function, which Lambda does not await; name one that calls it with asyncio.run"
_VALUE = "a value, which Lambda cannot call; name a function"
_VALUES = (ast.Constant, ast.JoinedStr, ast.List, ast.Tuple, ast.Set, ast.Dict)
_CAUGHT = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}


def definitions_of(source: bytes) -> "dict[str, str]":
    """Return the names that a module defines, and what is known that Lambda cannot call; otherwise an empty text.

    Raises:
        SyntaxError: this Python cannot parse it.
    """
    return {name: _not_callable(each) for each in ast.parse(source).body for name in _names(each)}


def _not_callable(statement: ast.stmt) -> str:
    if isinstance(statement, ast.AsyncFunctionDef) and not statement.decorator_list:  # which could make another of it
        return _ASYNC
    if isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(statement.value, _VALUES):
        return _VALUE
    return ""


def fault_of(error: Exception) -> "dict[str, Any]":
    """Return message, line, column and text of a syntax error; of another error, only the message."""
    if not isinstance(error, SyntaxError):
        return {"message": str(error), "line": 0, "column": 0, "text": ""}
    return {"message": error.msg, "line": error.lineno or 0, "column": error.offset or 0, "text": error.text or ""}


def survey(source: Path, module: str, *, optional: bool = False) -> "dict[str, Any]":
    """Return what a module imports when it is imported, and so on for the modules of its source; not in functions.

    Arguments:
        source: the directory of the code.
        module: the handler's module.
        optional: whether imports count that may fail or may not happen: in `if`, and in a `try` that catches it.

    Returns:
        `imports`: file, line and name of each module that is not in the source; `errors`: file, line and message of
        each file that cannot be parsed; `stdlib`: the names of this Python's standard library.
    """
    own = _own_names(source)
    imports, errors = list[Any](), list[Any]()
    waiting, visited = list(_files(source, module)), set[Path]()
    while waiting:
        file = waiting.pop()
        if file in visited:
            continue
        visited.add(file)
        try:
            found = list(_imports(_parse(file).body, _package(source, file), optional))
        except SyntaxError as error:
            errors.append([str(file), error.lineno or 1, error.msg])
            continue
        except (OSError, ValueError, RecursionError, MemoryError):
            continue
        imports += [[str(file), line, name] for line, name, _ in found if name.partition(".")[0] not in own | {""}]
        waiting += [each for _, name, member in found for each in _files(source, f"{name}.{member}".strip("."))]
    return {"imports": sorted(imports), "errors": sorted(errors), "stdlib": sorted(sys.stdlib_module_names)}


def _parse(file: Path) -> ast.Module:
    with file.open("rb") as opened:
        return ast.parse(opened.read(MAX_SIZE), str(file))


def _own_names(source: Path) -> "set[str]":
    """Return the names of all modules and directories in the source: the code may add directories to sys.path."""
    names = set[str]()
    for _, directories, files in os.walk(source):
        directories[:] = [name for name in directories if not name.startswith(".")]
        names |= {name.partition(".")[0] for name in (*directories, *files) if not name.startswith(".")}
    return names


def _files(source: Path, module: str) -> "Iterator[Path]":
    """Yield the files of the source that are executed when a module is imported."""
    path = source
    for part in module.split("."):
        path = path / part
        yield from (each for each in (path.with_name(f"{part}.py"), path / "__init__.py") if each.is_file())


def _package(source: Path, file: Path) -> "list[str]":
    """Return the parts of the name of the package that a file is in."""
    return list(file.parent.relative_to(source).parts)


def _imports(body: "list[ast.stmt]", package: "list[str]", optional: bool) -> "Iterator[tuple[int, str, str]]":
    """Yield line and name of each module that is imported, and what of it, which may be a module, too."""
    for statement in body:
        if isinstance(statement, ast.Import):
            yield from ((statement.lineno, alias.name, "") for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            parents = package[: len(package) - statement.level + 1] if statement.level else []
            base = ".".join([*parents, *([statement.module] if statement.module else [])])
            yield from ((statement.lineno, base, alias.name) for alias in statement.names)
        elif isinstance(statement, ast.Try) and _catches(statement) and not optional:
            yield from _imports([*statement.orelse, *statement.finalbody], package, optional)
        elif not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef) and (optional or _happens(statement)):
            inner = [each for each in ast.iter_child_nodes(statement) if isinstance(each, ast.stmt)]
            yield from _imports(inner, package, optional)


def _catches(statement: ast.Try) -> bool:
    """Return whether a `try` catches a failed import."""
    return any(handler.type is None or _mentions(handler.type) for handler in statement.handlers)


def _happens(statement: ast.stmt) -> bool:
    """Return whether what is in a statement happens in any case, and a failed import in it is not suppressed."""
    suppresses = isinstance(statement, ast.With) and any(_mentions(item.context_expr) for item in statement.items)
    return not isinstance(statement, ast.If) and not suppresses


def _mentions(expression: ast.expr) -> bool:
    return any(isinstance(node, ast.Name) and node.id in _CAUGHT for node in ast.walk(expression))


def _names(statement: ast.AST) -> "list[str]":
    """Return the names that a top-level statement defines, also inside `if`, `try` and `with`."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name for alias in statement.names]
    if isinstance(statement, ast.If | ast.Try | ast.ExceptHandler | ast.With):
        inner = [each for each in ast.iter_child_nodes(statement) if isinstance(each, ast.stmt | ast.ExceptHandler)]
        return [name for each in inner for name in _names(each)]
    targets = getattr(statement, "targets", [getattr(statement, "target", None)])
    return [target.id for target in targets if isinstance(target, ast.Name)]


def main(arguments: "list[str]") -> "dict[str, Any]":
    """Return the survey of a source, or the names of a file, for another Python."""
    if len(arguments) > 1:
        return survey(Path(arguments[0]), arguments[1])
    try:
        return {"names": definitions_of(Path(arguments[0]).read_bytes())}
    except (SyntaxError, ValueError) as error:
        return {"error": fault_of(error)}


if __name__ == "__main__":
    json.dump(main(sys.argv[1:]), sys.stdout)
