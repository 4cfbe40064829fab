"""The size of /tmp: as configured, or as the start pack needs, which is known when the libraries are published."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from awsprov.errors import PartialError
from awsprov.resources.compute.builder import Builder
from awsprov.resources.function.function import Function
from awsprov.resources.function.tmp_size import needed_tmp
from awsprov.ssh.client import CommandResult
from tests.unit.moto_cloud import BuilderShell, Moto, on_moto

pytestmark = pytest.mark.thorough  # each test creates whole stacks on moto

LARGE = "python=3.12.1 packages=1 files=1 bytes=1 pack=1 unpacked=900000000"  # needs 1216 MB


class Session(BuilderShell):
    """A session in which a large start pack is published."""

    def run(self, *words: object) -> CommandResult:
        """Succeed; publish a large start pack."""
        publishes = "builder.zip publish " in str(words[0])
        return CommandResult(0, (LARGE,)) if publishes else super().run()


@contextmanager
def large_pack() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Builder, "shell", lambda *_: nullcontext(Session()))
        yield


@pytest.fixture
def moto(tmp_path: Path) -> Iterator[Moto]:
    with on_moto(tmp_path, nat="none") as moto:
        yield moto


def sizes(moto: Moto) -> list[int]:
    """Return the MB of each function on AWS."""
    get = moto.aws().lambda_.get_function_configuration
    return [get(FunctionName=f"demo-{name}")["EphemeralStorage"]["Size"] for name in ("predict", "second")]


def test_a_function_is_created_with_512_mb_and_gets_what_its_start_pack_needs_before_its_version(moto: Moto) -> None:
    with large_pack():
        moto.engine().up()
    assert {call["EphemeralStorage"]["Size"] for call in moto.sent["CreateFunction"]} == {512}
    first = list(moto.sent)
    assert first.index("CreateFunction") < first.index("UpdateFunctionConfiguration") < first.index("PublishVersion")
    assert sizes(moto) == [1216, 1216]
    plan = moto.engine().plan()
    assert plan.empty
    assert [change.resource.note for change in plan.changes if "tmp" in change.resource.note] == []


def test_without_a_large_start_pack_nothing_is_updated(moto: Moto) -> None:
    moto.engine().up()
    assert sizes(moto) == [512, 512]
    assert "UpdateFunctionConfiguration" not in moto.sent


def test_the_size_is_kept_until_other_libraries_are_built(moto: Moto) -> None:
    with large_pack():
        moto.engine().up()
    moto.pin = "3.0"
    plan = moto.engine().plan()
    (function, _) = (change for change in plan.changes if isinstance(change.resource, Function))
    assert "tmp" not in function.differences
    assert function.resource.note == (
        "predict: the size of /tmp is known after the libraries are built; until then it keeps 1216 MB."
    )
    moto.engine().up()
    assert sizes(moto)[0] == 512
    assert moto.engine().plan().empty


def test_a_configured_size_is_created_and_compared(moto: Moto) -> None:
    moto.functions = "    tmp: 2048\n"
    with large_pack():
        moto.engine().up()
    assert sizes(moto) == [2048, 1216]
    moto.functions = "    tmp: 4096\n"
    (change,) = (c for c in moto.engine().plan().of("change") if isinstance(c.resource, Function))
    assert change.differences["tmp"] == (2048, 4096)


def test_a_start_pack_that_does_not_fit_is_an_error_before_anything_is_deployed(moto: Moto) -> None:
    moto.functions = "    tmp: 600\n"
    with large_pack(), pytest.raises(PartialError) as caught:
        moto.engine().up()
    error: Any = next(failure.error for failure in caught.value.failures if "predict" in failure.resource)
    assert "needs 1216 MB of /tmp, and functions.predict.tmp is 600 MB" in error.what
    assert "set it to 1216" in error.remedy
    assert [call["FunctionName"] for call in moto.sent["PublishVersion"]] == ["demo-second"]
    notes = [change.resource.note for change in moto.engine().plan().changes]
    assert "predict: the start pack needs 1216 MB of /tmp, and functions.predict.tmp is 600 MB." in notes


@pytest.mark.parametrize(
    ("facts", "size"),
    [("", 512), ("unpacked=0", 512), ("unpacked=300000000", 512), ("unpacked=900000000", 1216)],
)
def test_a_start_pack_needs_its_size_and_room_beside_it(facts: str, size: int) -> None:
    assert needed_tmp(facts) == size
