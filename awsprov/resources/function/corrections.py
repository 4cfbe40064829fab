"""Remedies for the errors of a function, by kind, with the names and keys of config.yaml."""

import re
from contextlib import suppress
from pathlib import PurePath

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from awsprov.errors import AwsprovError
from awsprov.packaging.bundle import Bundle
from awsprov.packaging.environment import ENVIRONMENTS
from awsprov.packaging.lockfile import Lock
from awsprov.resources.function.function import Function

# The first row whose pattern is in the error's first line applies. Each has the remedy, with the groups of the pattern.
_REMEDIES = (
    (r"No module named '([^'.]+)", "Add the package that contains {0} to {requirements}"),
    (r"([\w.+-]+\.so[\w.]*): cannot open shared object file",
     "Lambda has no {0}: use a release of the package whose wheel contains it"),
    (r"(\w+) could not be read from (\S+):",
     "Check that {1} exists and that the function may read it, or correct functions.{name}.secrets"),
    (r"is not authorized to perform: ([\w-]+:\w+)",
     "Allow its role {0} (functions.{name}.permissions): `awsprov policy --prove --function {name} --local` finds the "
     "least permissions of its code"),
    (r"(\S+) is a host of AWS", "Give the library that calls {0} the endpoint in the variable AWS_ENDPOINT_URL"),
    (r"[Tt]ask timed out|Sandbox\.Timedout", "Do less in one request, or raise functions.{name}.timeout (and "
     "functions.{name}.memory, which also gives it more CPU)"),
    (r"signal: killed|OutOfMemory|MemoryError", "Raise functions.{name}.memory"),
    (r"called sys\.exit|Runtime exited|Runtime\.ExitError",
     "Let nothing end the process: sys.exit, or a library that crashes"),
    (r"Runtime\.MarshalError|is not JSON serializable",
     "Return only what json.dumps can write: for example float(value) or array.tolist()"),
    (r"The API cannot use what",
     'Return what API Gateway takes, as in {{"statusCode": 200, "body": json.dumps(result)}}'),
    (r"FileNotFoundError: .*?'([^']*)'",
     "Check that {0} is uploaded with the code (functions.{name}.source and .include) or as libraries.files, and that "
     "the handler looks for it beside its own file, or in the directory of the variable AWSPROV_FILES"),
    (r"Read-only file system", "Write to /tmp: nothing else can be written on Lambda"),
    (r"ResponseSizeTooLarge", "Return less: Lambda's limit is 6 MB"),
    (r"", "Correct the code"),
)  # fmt: skip
_FILE = re.compile(r'File "([^"]+)"')
# What has the name of an environment behind it: its path on the file system, and that of its unpacked start pack.
_ENVIRONMENT = re.compile(r"/(envs|awsprov)/(?=[0-9a-f]{16})")
_ON_LAMBDA = {"envs": ENVIRONMENTS, "awsprov": "/tmp/awsprov"}  # noqa: S108 - as in Lambda # nosec B108
_PATH_BEGINS = re.compile(r"""(?:^|[\s"'=:,|<(\[{])(?=/)""")
# What an import finds missing inside of a package: a submodule, a name, or an attribute.
_LACKS = re.compile(
    r"No module named '([\w]+)\.|cannot import name '[^']*' from (?:partially initialized module )?'(\w+)|"
    r"module '(\w+)[\w.]*' has no attribute"
)
_MAX_PINS = 3
_IMPORT_TOO_SLOW = "Let it import less, or raise functions.{name}.memory and functions.{name}.timeout"


def correction(function: Function, error: str, then: str, *, importing: bool, from_environ: bool) -> str:
    """Return what to do about an error, in one sentence.

    Arguments:
        function: the function.
        error: the first line of the error.
        then: the command to run after a change of the code, in backticks.
        importing: whether it occurred during the import.
        from_environ: whether it was raised by `os.environ`.
    """
    what = _what(function, error, importing=importing, from_environ=from_environ)
    in_role = ".secrets" in what or ".permissions" in what  # which only `up` changes
    return f"{what}; then {'`awsprov up`' if in_role else then}."


def _what(function: Function, error: str, *, importing: bool, from_environ: bool) -> str:
    missing = re.search(r"KeyError: '(\w+)'", error)
    if missing and from_environ:
        return f"Set {missing[1]} in functions.{function.name}.variables or .secrets of config.yaml"
    if importing and "imed" in error:
        return _IMPORT_TOO_SLOW.format(name=function.name)
    if importing and (newer := _too_new(function.libraries.lock, error)):
        return newer
    requirements = function.libraries.lock.requirements.name
    found, remedy = next((match, text) for pattern, text in _REMEDIES if (match := re.search(pattern, error)))
    return remedy.format(*found.groups(), name=function.name, requirements=requirements)


def with_own_paths(function: Function, text: str) -> str:
    """Return a traceback in which the files of a function have their paths in the project, not those where they ran.

    Those of the libraries have the path that they have on Lambda, even on the local cloud.
    """
    source = function.bundle.source

    def path(found: "re.Match[str]") -> str:
        own = own_file(function.bundle, found[1])
        return f'File "{source.name}/{own}"' if own else found[0]

    *before, rest = _ENVIRONMENT.split(text)
    return _FILE.sub(path, "".join(map(_on_lambda, before[::2], before[1::2])) + rest)


def _on_lambda(text: str, kind: str) -> str:
    """Return a text that ended with the path before the name of an environment, with that on Lambda in its place.

    The path begins at the last slash that can be its first one, so it may contain spaces.
    """
    line = text.rpartition("\n")[2]
    begins = [found.end() for found in _PATH_BEGINS.finditer(line)]
    return f"{text.removesuffix(line)}{line[: begins[-1]]}{_ON_LAMBDA[kind]}/" if begins else f"{text}/{kind}/"


def _too_new(lock: Lock, error: str) -> str:
    """Return what to do about a package that lacks what another one imports; empty if it is pinned, or nothing else is.

    It was resolved today, for a package whose old version was pinned: the usual reason.
    """
    found = _LACKS.search(error)
    if found is None:
        return ""
    module = next(filter(None, found.groups()))
    wanted = {canonicalize_name(each.name): each for each in map(Requirement, lock.wanted.packages)}
    pins = [name for name, each in wanted.items() if any(one.operator == "==" for one in each.specifier)]
    package = next((each for each in lock.packages if each.name == canonicalize_name(module)), None)
    if package is None or package.name in pins or not pins:
        return ""
    old = ", ".join(f"{name} {lock.pins[name]}" for name in pins[:_MAX_PINS] if name in lock.pins)
    return (
        f"{package.name} {package.version} is not pinned and may be too new for {old}: set libraries.as_of in "
        f"config.yaml to a day soon after the release of the pinned version, or pin an older {package.name} in "
        f"{lock.requirements.name}"
    )


def own_file(bundle: Bundle, file: str) -> str:
    """Return the path of a file of a function's code in its source directory; empty for other files.

    Arguments:
        bundle: the function's code.
        file: the path in a traceback.
    """
    if _ENVIRONMENT.search(file) or "site-packages" in file:
        return ""
    with suppress(OSError, AwsprovError):  # a log can be read without the files of the project
        uploaded = bundle.names
        parts = PurePath(file).parts
        return next((name for first in range(1, len(parts)) if (name := "/".join(parts[first:])) in uploaded), "")
    return ""
