"""The start pack: the files that a handler reads are packed and copied to local disk; all others can be imported."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pydantic_core
import pytest
import typing_extensions

from awsprov.remote_code.builder import start_pack
from awsprov.remote_code.function import unpack

RESOURCES = Path(unpack.__file__).parent
# What each distribution holds. `demo` reads data beside it, asks for its own version and runs a part of itself.
FILES = {
    "demo/__init__.py": "from pathlib import Path\nfrom importlib.metadata import version\nfrom demo import used\n"
    "DATA = (Path(__file__).parent / 'data' / 'read.txt').read_text()\nVERSION = version('demo')\n",
    "demo/used.py": "def f():\n    return 'source'\n",
    "demo/unused.py": "NUMBER = 7\n",
    "demo/deep/__init__.py": "",
    "demo/deep/later.py": "from demo.used import f\n",
    "demo/data/read.txt": "read",
    "demo/data/unread.txt": "unread",
    "space/one/__init__.py": "NAME = 'one'\n",
    "space/two/__init__.py": "NAME = 'two'\n",
    "demo-1.5.dist-info/METADATA": "Metadata-Version: 2.1\nName: demo\nVersion: 1.5\n",
    "demo-1.5.dist-info/RECORD": "",
    "space_two-2.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: space-two\nVersion: 2.0\n",
}
HANDLER = (
    "import boto3\nfrom botocore.exceptions import ClientError\nTABLE = boto3.client('s3')\nimport demo, space.one\n"
)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """An environment as install.py creates it, with unchecked bytecode."""
    made = tmp_path / "efs" / "0123456789abcdef"
    for name, text in FILES.items():
        path = made / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    shutil.copytree(Path(pydantic_core.__file__).parent, made / "pydantic_core")
    shutil.copy(typing_extensions.__file__, made)
    command = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", str(made)]
    subprocess.run(command, check=True)
    return made


Packer = Callable[..., str]


@pytest.fixture
def pack(tmp_path: Path, site: Path, capfd: pytest.CaptureFixture[str]) -> Packer:
    """Build the start pack of a handler; return the output."""

    def make(code: str = HANDLER, **variables: str) -> str:
        bundle = tmp_path / "code.zip"
        with zipfile.ZipFile(bundle, "w") as archive:
            archive.writestr("app.py", code)
        start_pack.make(site, {"app": {"code": str(bundle), "handler": "app.handler", "variables": variables}}, site)
        return capfd.readouterr().out

    return make


def index(site: Path) -> Any:
    return json.loads((site / start_pack.INDEX).read_text())


def packed(site: Path) -> set[str]:
    return {name for _, _, members in index(site)["blocks"] for name, _ in members}


def python(site: Path, code: str, home: Path) -> str:
    """Return the output of a new process that unpacks the start pack first and imports from the environment only."""
    start = f"import sys; sys.path.insert(0, {str(RESOURCES)!r}); import unpack; sys.path.pop(0)\n"
    bring = f"LOCAL = unpack.use_start_pack({str(site)!r}, {str(home)!r})\n"
    ran = subprocess.run(
        [sys.executable, "-S", "-B", "-c", start + bring + code],
        env={"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


# ---- what goes in


def test_the_files_that_the_import_reads_are_packed_and_no_others(site: Path, pack: Packer) -> None:
    result = pack()
    found = packed(site)
    tag = sys.implementation.cache_tag
    assert {"demo/__init__.py", f"demo/__pycache__/used.{tag}.pyc", "demo/used.py", "demo/data/read.txt"} <= found
    assert {"demo-1.5.dist-info/METADATA", "space/one/__init__.py"} <= found
    assert not {"demo/unused.py", "demo/data/unread.txt", "space/two/__init__.py", "demo/deep/later.py"} & found
    assert index(site)["bytes"] == sum((site / name).stat().st_size for name in found)
    assert "ended early" not in result


def test_extension_modules_are_packed(site: Path, pack: Packer) -> None:
    pack("import pydantic_core\n")
    assert any(name.startswith("pydantic_core/") and name.endswith((".so", ".dylib")) for name in packed(site))


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("import os; os.environ['DB_PASSWORD']", "KeyError: 'DB_PASSWORD'"),
        ("import os; os._exit(3)", "exit status 3"),
        ("import os; os.kill(os.getpid(), 9)", "exit status -9"),
        ("raise SystemExit('no')", "no"),
    ],
)
def test_after_a_failed_import_the_files_read_until_then_are_packed(
    site: Path, pack: Packer, end: str, expected: str
) -> None:
    result = pack(f"import demo\n{end}\nimport space.one\n")
    assert f"its import failed: {expected}" in result
    assert "demo/used.py" in packed(site)
    assert "space/one/__init__.py" not in packed(site)


def test_an_import_that_hangs_is_killed(site: Path, pack: Packer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start_pack, "WITHIN", 2.0)
    began = time.monotonic()
    assert "took more than" in pack("import demo\nimport time\ntime.sleep(600)\n")
    assert time.monotonic() - began < 30
    assert "demo/used.py" in packed(site)


def test_the_function_s_variables_are_set_and_the_builder_s_are_not(
    site: Path, pack: Packer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_BUILDER", "x")
    result = pack(
        "import os, demo\nassert os.environ['LEVEL'] == 'low'\nassert 'OF_THE_BUILDER' not in os.environ\n", LEVEL="low"
    )
    assert "ended early" not in result


def test_a_handler_that_reads_nothing_has_no_start_pack(site: Path, pack: Packer) -> None:
    pack("import json\n")
    assert not (site / start_pack.INDEX).exists()


# ---- what comes out


def test_packed_files_are_imported_from_local_disk_and_others_through_links(
    site: Path, pack: Packer, tmp_path: Path
) -> None:
    pack()
    code = (
        "import demo, demo.unused, demo.deep.later, inspect, os\nprint(demo.__file__, demo.DATA, demo.unused.NUMBER)\n"
    )
    code += "print(os.path.islink(demo.used.__file__), os.path.realpath(demo.unused.__file__))\n"
    code += (
        "print((demo.Path(demo.__file__).parent / 'data' / 'unread.txt').read_text(), inspect.getsource(demo.used.f))"
    )
    local = tmp_path / "tmp" / "awsprov" / site.name
    (tmp_path / "tmp").mkdir()
    assert python(site, code, tmp_path / "tmp").split() == [
        *(str(local / "demo" / "__init__.py"), "read", "7"),
        *("False", str(site / "demo" / "unused.py"), "unread", "def", "f():", "return", "'source'"),
    ]


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


def test_the_local_copy_has_every_file_of_the_environment(site: Path, pack: Packer, tmp_path: Path) -> None:
    pack()
    python(site, "", tmp_path)
    local = tmp_path / "awsprov" / site.name

    def tree(root: Path) -> set[str]:
        found = {
            os.path.relpath(Path(at, name), root) for at, _, names in os.walk(root, followlinks=True) for name in names
        }
        return found - {start_pack.INDEX, start_pack.PACK}

    assert tree(local) == tree(site)
    assert all((local / name).read_bytes() == (site / name).read_bytes() for name in tree(site))


def test_a_second_process_uses_the_existing_copy(site: Path, pack: Packer, tmp_path: Path) -> None:
    pack()
    python(site, "", tmp_path)
    (site / start_pack.PACK).unlink()
    assert python(site, "import demo; print(demo.__file__)", tmp_path).startswith(str(tmp_path))


# ---- when something is wrong


def cut(site: Path) -> None:
    path = site / start_pack.PACK
    path.write_bytes(path.read_bytes()[:-10])


def spoil(site: Path) -> None:
    path = site / start_pack.PACK
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def enlarge(site: Path) -> None:
    (site / start_pack.INDEX).write_text(json.dumps({**index(site), "bytes": 1 << 60}))


def garble(site: Path) -> None:
    (site / start_pack.INDEX).write_text("{")


def lose(site: Path) -> None:
    (site / start_pack.INDEX).unlink()


@pytest.mark.parametrize("harm", [cut, spoil, enlarge, garble, lose])
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


def test_no_directory_for_the_copy(site: Path, pack: Packer, tmp_path: Path) -> None:
    pack()
    assert "NotADirectoryError" in python(site, "import demo", site / "demo" / "used.py")


def test_a_killed_start_leaves_no_incomplete_copy(site: Path, pack: Packer, tmp_path: Path) -> None:
    pack()
    code = f"import os, sys; sys.path.insert(0, {str(RESOURCES)!r}); import unpack\n"
    code += "unpack._decompress = lambda *_: os.kill(os.getpid(), 9)\n"
    code += f"unpack.use_start_pack({str(site)!r}, {str(tmp_path)!r})"
    ran = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)
    assert ran.returncode == -signal.SIGKILL
    (left,) = (tmp_path / "awsprov").iterdir()
    assert left.name.startswith(".")
    assert python(site, "import demo; print(demo.DATA)", tmp_path) == "read"
    assert [path.name for path in (tmp_path / "awsprov").iterdir()] == [site.name]


def test_two_processes_at_once_create_one_copy(site: Path, pack: Packer, tmp_path: Path) -> None:
    pack()
    code = f"import sys; sys.path.insert(0, {str(RESOURCES)!r}); import unpack\n"
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
    for name in ("loader", "unpack"):
        shutil.copy(RESOURCES / f"{name}.py", task / f"_awsprov_{name}.py")
    (task / "app.py").write_text("import demo\ndef handler(event, context):\n    return demo.__file__\n")
    code = "import sys; sys.path.insert(0, '.'); import _awsprov_loader; print(_awsprov_loader.handler({}, None))"
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
    def names(module: ModuleType) -> tuple[str, str]:
        return module.INDEX, module.PACK

    assert names(start_pack) == names(unpack)
