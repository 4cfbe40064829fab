"""The builder's program that measures imports, for `libs why`."""

import gc
import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from awsprov.remote_code.builder import import_times, timed_import
from tests.unit.remote_code.builder_programs import Builder, ended, wheel
from tests.unit.remote_code.packed_environment import Packer


def measured(builder: Builder, code: str) -> Any:
    wheel(builder.wheels, "bad", more={"bad/part.py": code.encode()})
    builder.install("abc", "tiny\nbad\n")
    status, output = ended(builder.start("import_times", f"--root={builder.root}", "--name=abc", "tiny", "bad.part"))
    assert status == 0, output
    return json.loads(output.splitlines()[-1])


@pytest.mark.parametrize(
    ("code", "failed"),
    [
        ("print('hello')\n", {}),
        ("import nothing_of_that_name\n", {"bad.part": "ModuleNotFoundError: No module named 'nothing_of_that_name'"}),
        ("raise SystemExit('no key')\n", {"bad.part": "SystemExit: no key"}),
        ("import os\nos._exit(3)\n", {"tiny, bad.part": "exit status 3"}),
    ],
)
def test_an_import_that_ends_early_is_reported(builder: Builder, code: str, failed: dict[str, str]) -> None:
    found = measured(builder, code)
    assert found["failed"] == failed
    assert {each["package"] for each in found["packages"]} == {"tiny", "bad"}


def test_a_package_has_those_that_require_it(builder: Builder) -> None:
    wheel(builder.wheels, "heavy")
    wheel(builder.wheels, "user", requires=["Heavy>=1; python_version >= '3'", "tiny; extra == 'more'"])
    builder.install("abc", "heavy\nuser\n")
    status, output = ended(builder.start("import_times", f"--root={builder.root}", "--name=abc", "user"))
    assert status == 0, output
    found = {each["package"]: each["required_by"] for each in json.loads(output.splitlines()[-1])["packages"]}
    assert found == {"heavy": ["user"], "user": []}


def test_each_part_of_a_cold_start_has_its_cpu_time(builder: Builder) -> None:
    """The module burns more CPU time than everything else takes."""
    code = "import time\nend = time.process_time() + 0.5\nwhile time.process_time() < end: pass\nimport bad.other\n"
    wheel(builder.wheels, "bad", more={"bad/part.py": code.encode(), "bad/other.py": b"N = 1\n"})
    builder.install("abc", "tiny\nbad\n")
    status, output = ended(builder.start("import_times", f"--root={builder.root}", "--name=abc", "tiny", "bad.part"))
    assert status == 0, output
    parts = {each["what"]: each["ms"] for each in json.loads(output.splitlines()[-1])["parts"]}
    assert set(parts) >= {timed_import.FIND, timed_import.BYTECODE, timed_import.RUN}
    assert 500 <= parts[timed_import.RUN] < 5000
    assert all(0 < ms < 500 for what, ms in parts.items() if what != timed_import.RUN)


def test_the_time_of_a_part_is_without_the_parts_inside_of_it() -> None:
    parts = timed_import.Parts()

    def burn(seconds: float) -> None:
        end = time.thread_time() + seconds
        while time.thread_time() < end:
            pass

    def outer() -> None:
        burn(0.1)
        parts.measured("inner", burn, 0.2)
        burn(0.1)

    parts.measured("outer", outer)
    assert parts.seconds["inner"] == pytest.approx(0.2, abs=0.05)
    assert parts.seconds["outer"] == pytest.approx(0.2, abs=0.05)


def test_garbage_collection_is_a_part_of_its_own() -> None:
    parts = timed_import.Parts()
    gc.callbacks.append(parts.on_collection)
    try:
        began = time.thread_time()
        parts.measured("outer", gc.collect)
        took = time.thread_time() - began
    finally:
        gc.callbacks.remove(parts.on_collection)
    assert parts.seconds[timed_import.COLLECT] > parts.seconds["outer"] > 0
    assert sum(parts.seconds.values()) == pytest.approx(took, rel=0.1)


def test_the_decompression_of_a_start_pack_is_a_part(site: Path, pack: Packer) -> None:
    pack("import json\n")  # a handler that reads no library
    assert import_times._parts({}, site) == []
    shutil.rmtree(site.with_name("pack"))
    pack()
    (part,) = import_times._parts({}, site)
    assert part["what"] == import_times.UNPACK
    assert 0 < part["ms"] < 1000
