"""The start pack: the files that a handler reads are packed and copied to local disk; all others can be imported."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from importlib.util import cache_from_source
from pathlib import Path
from types import ModuleType

import pytest

from awsprov.remote_code.builder import pack_file, start_pack, tree, workspace
from awsprov.remote_code.builder.compression import WITH_ZLIB
from awsprov.remote_code.function import unpacking
from tests.unit.remote_code.builder_programs import Builder
from tests.unit.remote_code.packed_environment import COMPLETE, RESOURCES, Packer, create, cut, index, python, spoil


def packed(site: Path) -> set[str]:
    """Return the names of the packed files."""
    files = {name for _, _, members in index(site)["blocks"] for name, *_ in members} - {pack_file.BYTECODE}
    return files | {cache_from_source(file) for file, _, *place in index(site)["modules"].values() if place}


# ---- what goes in


def test_the_files_that_the_import_reads_are_packed_and_no_others(site: Path, pack: Packer) -> None:
    result = pack()
    found = packed(site)
    tag = sys.implementation.cache_tag
    assert {f"demo/__pycache__/{name}.{tag}.pyc" for name in ("__init__", "used")} <= found
    assert "demo/data/read.txt" in found
    assert {"demo-1.5.dist-info/METADATA", cache_from_source("space/one/__init__.py")} <= found
    assert not {"demo/used.py", "demo/data/unread.txt"} & found
    assert (
        not {cache_from_source(f"{name}.py") for name in ("demo/unused", "space/two/__init__", "demo/deep/later")}
        & found
    )
    assert index(site)["bytes"] == sum((site / name).stat().st_size for name in found)
    assert "failed" not in result


def test_a_model_that_the_handler_loads_decides_what_is_packed_and_is_not_packed_itself(
    site: Path, pack: Packer, tmp_path: Path
) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.txt").write_text("demo")
    load = "(pathlib.Path(os.environ['AWSPROV_FILES']) / 'model.txt').read_text()"
    result = pack(f"import importlib, os, pathlib\nimportlib.import_module({load})\n")
    assert "failed" not in result
    assert cache_from_source("demo/used.py") in packed(site)
    assert not any("model.txt" in name for name in packed(site))


def test_no_module_that_the_handler_does_not_need_is_imported_for_it(site: Path, pack: Packer) -> None:
    assert "failed" not in pack("import sys\nassert 'unittest.mock' not in sys.modules\n")


IMPORTER = """
import sys, types
from importlib.machinery import ModuleSpec
class Importer:
    def find_spec(self, name, path=None, target=None):
        return ModuleSpec(name, self) if name == "six.moves" else None
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        module.Base = type("Base", (), {})
sys.meta_path.append(Importer())
"""


def test_a_library_of_the_runtime_that_is_installed_has_only_its_own_modules(site: Path, pack: Packer) -> None:
    (site / "six").mkdir()
    (site / "six" / "__init__.py").write_text(IMPORTER)  # as six does, after the finder of stubs
    moved = "import boto3.session\nfrom six.moves import Base\nclass Own(Exception, Base): ...\n"
    optional = "try:\n    import six.extra\nexcept ImportError:\n    import demo\n"
    assert "failed" not in pack(moved + optional)
    assert cache_from_source("demo/used.py") in packed(site)


def test_extension_modules_are_packed(site: Path, pack: Packer) -> None:
    pack("import pydantic_core\n")
    assert any(name.startswith("pydantic_core/") and name.endswith((".so", ".dylib")) for name in packed(site))


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("import os; os.environ['DB_PASSWORD']", "KeyError: 'DB_PASSWORD'"),
        ("import os; os._exit(3)", "exit status 3"),
        ("import ctypes; ctypes.string_at(0)", "exit status 139"),
        ("raise SystemExit('no')", "SystemExit: no"),
    ],
)
def test_after_a_failed_import_the_files_read_until_then_are_packed(
    site: Path, pack: Packer, end: str, expected: str
) -> None:
    result = pack(f"import demo\n{end}\nimport space.one\n")
    assert f"its import failed: {expected}" in result
    assert cache_from_source("demo/used.py") in packed(site)
    assert cache_from_source("space/one/__init__.py") not in packed(site)


def test_an_import_that_hangs_is_killed(site: Path, pack: Packer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start_pack, "WITHIN", 2.0)
    began = time.monotonic()
    assert "took more than" in pack("import demo\nimport time\ntime.sleep(600)\n")
    assert time.monotonic() - began < 30
    assert cache_from_source("demo/used.py") in packed(site)


def test_the_function_s_variables_are_set_and_the_builder_s_are_not(
    site: Path, pack: Packer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_BUILDER", "x")
    result = pack(
        "import os, demo\nassert os.environ['LEVEL'] == 'low'\nassert 'OF_THE_BUILDER' not in os.environ\n", LEVEL="low"
    )
    assert "failed" not in result


def test_a_handler_that_reads_nothing_has_an_empty_start_pack(site: Path, pack: Packer, tmp_path: Path) -> None:
    pack("import json\n")
    assert not (site / workspace.PACK).exists()
    assert start_pack.unpacked_size([site / workspace.INDEX]) == 0
    assert python(site, "print(LOCAL)", tmp_path) == str(site)  # and nothing is logged
    assert not (tmp_path / "awsprov").exists()


# ---- who imports


def test_the_import_has_no_network(site: Path, pack: Packer) -> None:
    if not has_namespaces():
        pytest.skip("this machine lets users have no namespaces")
    code = "import socket\nlistener = socket.create_connection(('127.0.0.1', int(__import__('os').environ['PORT'])))\n"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        assert "Network is unreachable" in pack(code, PORT=port)


def test_no_process_survives_the_import(site: Path, pack: Packer, tmp_path: Path) -> None:
    if not has_namespaces():
        pytest.skip("this machine lets users have no namespaces")
    witness = tmp_path / "witness"
    late = f"import time; time.sleep(1); open({str(witness)!r}, 'w')"
    pack(f"import subprocess, sys, demo\nsubprocess.Popen([sys.executable, '-c', {late!r}], start_new_session=True)\n")
    time.sleep(2)
    assert not witness.exists()


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can become somebody else")
def test_the_import_runs_as_a_user_who_owns_nothing(builder: Builder) -> None:
    """With the real commands, as on Amazon Linux; the directories above the libraries are closed to others.

    They are not below those of other tests, which open and close their common parents at the same time.
    """
    for command in ("unshare", "setpriv", "timeout"):
        (builder.commands / command).unlink()
    python = subprocess.run([*start_pack.isolated()[2:], sys.executable, "-c", ""], check=False, capture_output=True)
    if python.returncode:
        pytest.skip(f"user 65534 cannot run {sys.executable}")
    attack = (
        "import os, pathlib, demo\n"
        "assert os.getuid() == 65534, os.getuid()\n"
        "site = pathlib.Path(demo.__file__).parent\n"
        "for path in (site / 'used.py', site / 'new.py', site.parent / 'evil.py'):\n"
        "    try: path.write_text('evil')\n"
        "    except PermissionError: continue\n"
        "    raise RuntimeError(f'could write {path}')\n"
    )
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        home = Path(directory)
        site, code = create(home / "efs" / "0123456789abcdef"), home / "code.zip"
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("app.py", attack)
        patch.setenv("PATH", str(builder.commands), prepend=os.pathsep)
        read, error = start_pack.profile(site, home / "task", code=str(code), handler="app.handler", variables={})
        assert home.stat().st_mode & 0o777 == 0o700
    assert error == ""
    assert cache_from_source("demo/used.py") in read


def test_names_that_a_handler_invents_are_not_packed(site: Path, pack: Packer, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    evil = "import os, demo\nfor n in range(3, 30):\n    try: os.write(n, b'../../secret\\0/etc/passwd\\0')\n"
    pack(f"{evil}    except OSError: pass\n")
    assert packed(site) <= {path.relative_to(site).as_posix() for path in site.rglob("*")}


def has_namespaces() -> bool:
    """Return whether users of this machine may create namespaces."""
    command = ["unshare", "--user", "--map-current-user", "--net", "--ipc", "--pid", "--fork", "true"]
    return bool(shutil.which("unshare")) and not subprocess.run(command, check=False, capture_output=True).returncode


# ---- what comes out


def test_packed_files_are_on_local_disk_and_others_are_links(site: Path, pack: Packer, tmp_path: Path) -> None:
    pack()
    code = f"{COMPLETE}import demo, demo.unused, demo.deep.later\n"
    code += "print(demo.__file__, demo.DATA, demo.unused.NUMBER)\n"
    code += "print((demo.Path(demo.__file__).parent / 'data' / 'unread.txt').read_text())"
    (tmp_path / "tmp").mkdir()
    local = tmp_path / "tmp" / "awsprov" / site.name
    assert python(site, code, tmp_path / "tmp").split() == [f"{local}/demo/__init__.py", "read", "7", "unread"]
    assert not (local / "demo" / "data" / "read.txt").is_symlink()
    assert (local / "demo" / "data" / "unread.txt").readlink() == site / "demo" / "data" / "unread.txt"
    assert (local / "demo" / "used.py").readlink() == site / "demo" / "used.py"


def test_what_the_handler_imports_needs_nothing_on_the_file_system(site: Path, pack: Packer, tmp_path: Path) -> None:
    pack("import demo, space.one, pydantic_core\n")
    python(site, COMPLETE, tmp_path)
    site.rename(site.with_name("unmounted"))
    code = "import demo, space.one, pydantic_core; print(demo.DATA, pydantic_core.to_json([1]))"
    assert python(site, code, tmp_path) == "read b'[1]'"


def test_blocks_are_in_the_order_of_imports(site: Path, pack: Packer, monkeypatch: pytest.MonkeyPatch) -> None:
    (extension,) = (site / "pydantic_core").glob("*.so")
    monkeypatch.setattr(pack_file, "BLOCK", 1000)
    pack("import demo.used, pydantic_core\n")
    blocks = [members[0][0] for _, _, members in index(site)["blocks"]]
    own = extension.relative_to(site).as_posix()
    assert blocks.index(pack_file.BYTECODE) < blocks.index(own)
    assert index(site)["modules"]["pydantic_core/_pydantic_core"] == [own, len(blocks) - 1 - blocks[::-1].index(own)]


def test_metadata_is_found_once(site: Path, pack: Packer, tmp_path: Path) -> None:
    pack()
    code = "import demo\nfrom importlib.metadata import distributions, version\n"
    code += "print(demo.VERSION, version('space-two'), sorted(d.name for d in distributions()))"
    assert python(site, code, tmp_path) == "1.5 2.0 ['demo', 'space-two']"


def test_a_namespace_package_of_two_distributions_has_both(site: Path, pack: Packer, tmp_path: Path) -> None:
    pack()
    assert python(site, "import space.one, space.two; print(space.one.NAME, space.two.NAME)", tmp_path) == "one two"


def test_extension_modules_load_from_local_disk(site: Path, pack: Packer, tmp_path: Path) -> None:
    pack("import pydantic_core\n")
    code = "import pydantic_core._pydantic_core as core; print(core.__file__, core.to_json([1]))"
    file, answer = python(site, code, tmp_path).split()
    assert file.startswith(str(tmp_path / "awsprov"))
    assert answer == "b'[1]'"


def test_the_local_copy_has_every_file_of_the_environment_but_bytecode(
    site: Path, pack: Packer, tmp_path: Path
) -> None:
    pack()
    python(site, COMPLETE, tmp_path)
    local = tmp_path / "awsprov" / site.name

    def tree(root: Path) -> set[str]:
        found = {
            os.path.relpath(Path(at, name), root) for at, _, names in os.walk(root, followlinks=True) for name in names
        }
        own = {workspace.INDEX, workspace.PACK, pack_file.BYTECODE}
        return {name for name in found - own if not name.endswith(".pyc")}

    assert tree(local) == tree(site)
    assert all((local / name).read_bytes() == (site / name).read_bytes() for name in tree(site))


@pytest.mark.parametrize("follow_links", [False, True])
def test_a_walk_through_a_package_sees_all_its_files_but_bytecode(
    site: Path, pack: Packer, tmp_path: Path, *, follow_links: bool
) -> None:
    (site / "demo" / "templates" / "deep").mkdir(parents=True)
    (site / "demo" / "templates" / "deep" / "page.html").write_text("page")
    pack()
    walk = f"os.walk(demo.__path__[0], followlinks={follow_links})"
    code = f"import demo, os\nprint(*(name for _, _, names in {walk} for name in names))"
    expected = [path.name for path in (site / "demo").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert sorted(python(site, code, tmp_path).split()) == sorted(expected)


def test_a_module_that_is_not_packed_is_loaded_from_its_bytecode(site: Path, pack: Packer, tmp_path: Path) -> None:
    pack()
    (site / "demo" / "unused.py").write_text("raise AssertionError('it was compiled again')")
    code = f"{COMPLETE}import demo.unused; print(demo.unused.__file__.startswith(LOCAL))"
    assert python(site, code, tmp_path) == "True"


def test_a_package_that_nothing_imports_is_one_link(site: Path, pack: Packer, tmp_path: Path) -> None:
    pack("import demo\n")
    python(site, "", tmp_path)
    assert (tmp_path / "awsprov" / site.name / "pydantic_core").is_symlink()


def test_files_of_metadata_that_do_not_exist_are_not_looked_for_on_the_file_system(
    site: Path, pack: Packer, tmp_path: Path
) -> None:
    """As `importlib.metadata.entry_points` does in all packages: a link to a directory would lead it there."""
    pack("import demo\n")
    python(site, "", tmp_path)
    metadata = tmp_path / "awsprov" / site.name / "space_two-2.0.dist-info"
    assert not metadata.is_symlink()
    assert {path.name for path in metadata.iterdir() if path.is_symlink()} == {"METADATA"}


def test_bytecode_that_is_no_module_s_is_a_file(site: Path, pack: Packer, tmp_path: Path) -> None:
    """Python does not import it, as an extension module of that name comes first. The local copy has no others."""
    name = cache_from_source("pydantic_core/_pydantic_core.py")
    (site / name).parent.mkdir(exist_ok=True)
    (site / name).write_bytes(b"read as data")
    pack(f"import demo, pydantic_core\nopen(pydantic_core.__path__[0] + '/../{name}').read()\n")
    python(site, COMPLETE, tmp_path)
    local = tmp_path / "awsprov" / site.name
    assert not (local / name).is_symlink()
    assert (local / name).read_bytes() == b"read as data"
    assert list((local / "demo" / "__pycache__").iterdir()) == []


def test_programs_stay_executable(site: Path, pack: Packer, tmp_path: Path) -> None:
    (site / "demo" / "data" / "read.txt").chmod(0o755)
    pack()
    code = f"{COMPLETE}import demo; print(os.access(demo.__path__[0] + '/data/read.txt', os.X_OK))"
    assert python(site, code, tmp_path) == "True"
    local = tmp_path / "awsprov" / site.name / "demo"
    assert (local / "data" / "read.txt").stat().st_mode & 0o100
    assert not (local / "used.py").stat().st_mode & 0o100


def test_a_large_file_is_packed_in_pieces(
    site: Path, pack: Packer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack_file, "BLOCK", 1000)
    (site / "demo" / "data" / "read.txt").write_bytes(os.urandom(2500).hex().encode())
    pack()
    sizes = [size for _, _, members in index(site)["blocks"] for name, size, _ in members if name.endswith("read.txt")]
    assert sizes == [1000] * 5
    python(site, COMPLETE, tmp_path)
    local = tmp_path / "awsprov" / site.name / "demo" / "data" / "read.txt"
    assert local.read_bytes() == (site / "demo" / "data" / "read.txt").read_bytes()


def test_a_second_process_uses_the_existing_copy(site: Path, pack: Packer, tmp_path: Path) -> None:
    pack()
    python(site, COMPLETE, tmp_path)
    (site / workspace.PACK).unlink()
    assert python(site, "import demo; print(demo.__file__)", tmp_path).startswith(str(tmp_path))


# ---- when something is wrong


def enlarge(site: Path) -> None:
    (site / workspace.INDEX).write_text(json.dumps({**index(site), "bytes": 1 << 60}))


def garble(site: Path) -> None:
    (site / workspace.INDEX).write_text("{")


def lose(site: Path) -> None:
    (site / workspace.INDEX).unlink()


@pytest.mark.parametrize("harm", [enlarge, garble, lose])
def test_the_environment_is_used_when_the_start_pack_cannot_be(
    site: Path, pack: Packer, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    pack()
    harm(site)
    home = tmp_path / "tmp"
    home.mkdir()
    result = python(site, "import demo; print(demo.__file__)", home).splitlines()
    assert len(result) == 2
    assert result[0].startswith(f"awsprov: no start pack, importing from {site}: ")
    assert result[1] == str(site / "demo" / "__init__.py")
    assert not [path for path in home.rglob("*") if path.name != "awsprov"]


@pytest.mark.parametrize("harm", [cut, spoil])
def test_the_links_are_used_when_a_block_is_damaged(
    site: Path, pack: Packer, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    pack()
    harm(site)
    result = python(site, "import demo, space.one; print(demo.DATA)", tmp_path).splitlines()
    message = f"awsprov: incomplete start pack, importing the rest from {site}: error: "
    assert sorted(line[: len(message)] for line in result) == [message, "read"]
    assert [path.name for path in (tmp_path / "awsprov").iterdir()] == [site.name]
    assert not (tmp_path / "awsprov" / site.name / workspace.INDEX).exists()


def test_the_links_are_used_when_the_temporary_directory_is_full(site: Path, pack: Packer, tmp_path: Path) -> None:
    pack()
    result = starting(site, tmp_path, "os.pwrite = lambda *_: 0", "import demo; print(demo.DATA)")
    assert "awsprov: incomplete start pack" in result
    assert "No space left" in result
    assert "read" in result.split()
    assert [path.name for path in (tmp_path / "awsprov").iterdir()] == [site.name]


def test_an_import_waits_until_its_module_is_unpacked(site: Path, pack: Packer, tmp_path: Path) -> None:
    pack()
    code = "threading.Timer(0.5, os.close, [go]).start()\nbegan = time.monotonic()\nimport demo\n"
    code += "print(time.monotonic() - began >= 0.5, type(demo.__loader__).__name__)"
    assert starting(site, tmp_path, WAITING, code) == "True _BytecodeLoader"


def test_threads_that_import_wait_for_the_same_blocks(site: Path, pack: Packer, tmp_path: Path) -> None:
    pack("import demo, space.one\n")
    code = "names = ['demo', 'demo.used', 'space.one'] * 3\n"
    code += "threads = [threading.Thread(target=__import__, args=[name]) for name in names]\n"
    code += "for thread in threads: thread.start()\nos.close(go)\nfor thread in threads: thread.join()\n"
    code += "print({type(sys.modules[name].__loader__).__name__ for name in names})"
    assert starting(site, tmp_path, WAITING, code) == "{'_BytecodeLoader'}"


def test_a_forked_process_does_not_wait_for_blocks(site: Path, pack: Packer, tmp_path: Path) -> None:
    pack()
    code = "if not (child := os.fork()):\n    import demo\n    os._exit(len(demo.DATA))\n"
    code += "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\nos.close(go)\n"
    code += "import demo\nprint(demo.DATA, type(demo.__loader__).__name__)"
    assert starting(site, tmp_path, WAITING, code).split() == ["4", "read", "_BytecodeLoader"]


def test_the_process_that_unpacks_ends_with_the_one_that_imports(site: Path, pack: Packer, tmp_path: Path) -> None:
    """Nothing is left of it: the pipe of its output is at its end, and its files are deleted."""
    pack("import demo, pydantic_core\n")
    starting(site, tmp_path, WAITING, "os._exit(0)")
    assert [path.name for path in (tmp_path / "awsprov").iterdir()] == [site.name]
    assert not (tmp_path / "awsprov" / site.name / workspace.INDEX).exists()


def test_the_process_that_unpacks_has_a_lower_priority(site: Path, pack: Packer, tmp_path: Path) -> None:
    pack()
    before = "unpacking.Unpacking._run = lambda *_: print(os.getpriority(os.PRIO_PROCESS, 0), flush=True)"
    own, *others = map(int, starting(site, tmp_path, f"print(os.nice(0))\n{before}", "import demo").split())
    assert [value > own for value in others] == [True]


def test_the_handler_has_no_child_that_it_did_not_start(site: Path, pack: Packer, tmp_path: Path) -> None:
    pack()
    code = "import demo\ntry:\n    os.wait()\nexcept ChildProcessError:\n    print(demo.DATA)"
    assert starting(site, tmp_path, "", code) == "read"


def test_output_before_the_start_is_written_once(site: Path, pack: Packer, tmp_path: Path) -> None:
    pack()
    spoil(site)
    output = starting(site, tmp_path, "print('before')", "import demo\nprint(demo.DATA)").splitlines()
    assert sorted(line.partition(":")[0] for line in output) == ["awsprov", "before", "read"]


# A change to the module: all blocks wait until no process that imports has `go` open.
WAITING = """
wait, go = os.pipe()
inherited = [go]
real = unpacking.Unpacking._unpack
def unpack_later(*values):
    with contextlib.suppress(IndexError):  # closed once: another file of this process may have the number then
        os.close(inherited.pop())
    os.read(wait, 1)
    return real(*values)
unpacking.Unpacking._unpack = unpack_later
"""


def starting(site: Path, home: Path, before: str, after: str, status: int = 0) -> str:
    """Return the output of a process that runs code before and after it starts to unpack."""
    code = "import contextlib, os, sys, threading, time\n"
    code += f"sys.path.insert(0, {str(RESOURCES.parent)!r})\nfrom function import unpack, unpacking\n{before}\n"
    code += f"unpack.use_start_pack({str(site)!r}, {str(home)!r})\n{after}"
    command, environment = [sys.executable, "-S", "-B", "-c", code], {"PYTHONPATH": str(site)}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == status, ran.stderr
    return ran.stdout.strip()


def test_no_directory_for_the_copy(site: Path, pack: Packer, tmp_path: Path) -> None:
    pack()
    assert "NotADirectoryError" in python(site, "import demo", site / "demo" / "used.py")


# Where the process that unpacks is killed: before the first block, in one, between two, and before it marks the copy.
MOMENTS = {
    "before": "unpacking.Unpacking._run = die",
    "in a block": "unpacking.Unpacking._write = die",
    "after a block": "unpacking.Path.replace = die",
    "at a report": "os.write = die",
    "at the end": "unpacking.shutil.copyfile = die",
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_when_unpacking_is_killed_links_are_used_and_the_next_start_completes_the_copy(
    site: Path, pack: Packer, tmp_path: Path, moment: str
) -> None:
    pack()
    die = f"die = lambda *_, **__: os.kill(os.getpid(), 9)\n{MOMENTS[moment]}"
    assert starting(site, tmp_path, die, "import demo; print(demo.DATA)") == "read"
    local = tmp_path / "awsprov" / site.name
    assert not (local / workspace.INDEX).exists()
    reaped(tmp_path / "awsprov")
    assert python(site, f"{COMPLETE}import demo; print(demo.DATA)", tmp_path) == "read"
    assert (local / workspace.INDEX).read_bytes() == (site / workspace.INDEX).read_bytes()
    assert [path.name for path in (tmp_path / "awsprov").iterdir()] == [site.name]


def reaped(home: Path) -> None:
    """Wait until the system has reaped the processes that left something."""
    with contextlib.suppress(ProcessLookupError):
        while left := [int(leftover.suffix[1:]) for leftover in home.glob(".*")]:
            os.kill(left[0], 0)
            time.sleep(0.05)


def test_a_start_after_a_killed_one_completes_the_copy(site: Path, pack: Packer, tmp_path: Path) -> None:
    pack()
    starting(site, tmp_path, WAITING, "os.kill(os.getpid(), 9)", status=-signal.SIGKILL)
    local = tmp_path / "awsprov" / site.name
    assert not (local / workspace.INDEX).exists()
    assert python(site, f"{COMPLETE}import demo; print(demo.DATA)", tmp_path) == "read"
    assert (local / workspace.INDEX).read_bytes() == (site / workspace.INDEX).read_bytes()
    assert [path.name for path in (tmp_path / "awsprov").iterdir()] == [site.name]


def test_two_processes_at_once_create_one_copy(site: Path, pack: Packer, tmp_path: Path) -> None:
    pack()
    code = f"import sys; sys.path.insert(0, {str(RESOURCES.parent)!r}); from function import unpack\n"
    code += f"print(unpack.use_start_pack({str(site)!r}, {str(tmp_path)!r}))"
    both = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert {process.communicate(timeout=60)[0].strip() for process in both} == {str(tmp_path / "awsprov" / site.name)}
    assert [path.name for path in (tmp_path / "awsprov").iterdir()] == [site.name]


# ---- the start in the bundle


@pytest.mark.parametrize("switch", ["on", ""])
def test_the_loader_unpacks_the_start_pack_and_imports_the_handler(
    site: Path, pack: Packer, tmp_path: Path, switch: str
) -> None:
    pack()
    task = tmp_path / "task"
    task.mkdir()
    (task / "_awsprov").mkdir()
    for name, module in (("bootstrap", "loader"), ("unpack", "unpack"), ("unpacking", "unpacking")):
        shutil.copy(RESOURCES / f"{module}.py", task / "_awsprov" / f"{name}.py")
    (task / "app.py").write_text("import demo\ndef handler(event, context):\n    return demo.__file__\n")
    code = "import sys; sys.path.insert(0, '.'); import _awsprov.bootstrap as b; print(b.handler({}, None))"
    ran = subprocess.run(
        [sys.executable, "-S", "-c", code],
        cwd=task,
        env={
            "PYTHONPATH": str(site),
            "TMPDIR": str(tmp_path),
            "AWSPROV_HANDLER": "app.handler",
            "AWSPROV_START_PACK": switch,
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.startswith(str(tmp_path / "awsprov" if switch else site))


def test_builder_and_function_use_the_same_file_names() -> None:
    def names(module: ModuleType) -> tuple[str, str, str]:
        return module.INDEX, module.PACK, module.BYTECODE

    assert names(pack_file) == names(unpacking)


def test_unchanged_blocks_are_taken_from_an_earlier_start_pack(site: Path, pack: Packer) -> None:
    """Those of bytecode, too, whose index has no names of files."""
    pack()
    entries = tree.describe_all(site, 1)
    read = [name for name in entries if name in packed(site)]
    published = {name: tree.published(entry) for name, entry in entries.items()}
    again = WITH_ZLIB._replace(compress=lambda _: pytest.fail("it was compressed again"))
    (site.parent / "again").mkdir()
    order = sorted(read, key=list(places(site)).index)
    earlier = pack_file.Blocks(site, published)
    files, into = {name: entries[name] for name in order}, site.parent / "again"
    pack_file.write(site, files, set(entries), into, earlier=earlier, compression=again)
    assert (site.parent / "again" / workspace.PACK).read_bytes() == (site / workspace.PACK).read_bytes()


def places(site: Path) -> dict[str, None]:
    """Return the names of the packed files in the order of the pack."""
    found = index(site)
    blocks = enumerate(found["blocks"])
    pieces = [pack_file._pieces_of(number, members, found["modules"]) for number, (_, _, members) in blocks]
    return dict.fromkeys(name for block in pieces for name, *_ in block)
