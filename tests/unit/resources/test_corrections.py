"""What to do about an error: a package that is too new for an old pin."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from awsprov.packaging.install_target import InstallTarget
from awsprov.packaging.lockfile import Lock
from awsprov.resources.function.corrections import correction
from tests.unit.fakes import locked, write_lock


def advice(directory: Path, requirements: str, error: str) -> str:
    """Return the correction of a function with flask 1.1.2 and the newest jinja2."""
    file = directory / "requirements.txt"
    file.write_text(requirements)
    lock = Lock(file, file.with_suffix(".lock"), InstallTarget("3.12", "x86_64-manylinux_2_28"))
    write_lock(lock, locked("flask", "1.1.2"), locked("jinja2", "3.1.6"))
    function: Any = SimpleNamespace(name="predict", libraries=SimpleNamespace(lock=lock))
    return correction(function, error, "`awsprov deploy`", importing=True, from_environ=False)


@pytest.mark.parametrize(
    "error",
    [
        "ImportError: cannot import name 'escape' from 'jinja2' (/mnt/libs/envs/1/jinja2/__init__.py)",
        "ImportError: No module named 'jinja2.utils.soft'",
        "AttributeError: module 'jinja2' has no attribute 'Markup'",
        "ImportError: cannot import name 'a' from partially initialized module 'jinja2.b' (most likely …)",
    ],
)
def test_a_package_that_is_not_pinned_may_be_too_new_for_one_that_is(tmp_path: Path, error: str) -> None:
    found = advice(tmp_path, "Flask==1.1.2\n", error)
    assert "jinja2 3.1.6 is not pinned and may be too new for flask 1.1.2: set libraries.as_of" in found
    assert "or pin an older jinja2 in requirements.txt; then `awsprov deploy`." in found


@pytest.mark.parametrize("requirements", ["flask==1.1.2\njinja2==3.1.6\n", "flask\n", "flask>=1\njinja2\n"])
def test_without_an_old_pin_beside_it_there_is_no_such_advice(tmp_path: Path, requirements: str) -> None:
    found = advice(tmp_path, requirements, "ImportError: cannot import name 'escape' from 'jinja2'")
    assert "as_of" not in found


def test_a_package_that_is_missing_is_still_to_be_added(tmp_path: Path) -> None:
    assert "Add the package that contains seaborn" in advice(
        tmp_path, "flask==1.1.2\n", "ImportError: No module named 'seaborn.plots'"
    )


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        ("FileNotFoundError: [Errno 2] No such file or directory: 'model.bin'", "Check that model.bin is uploaded"),
        ("OSError: [Errno 30] Read-only file system: 'cache'", "Write to /tmp"),
    ],
)
def test_a_file_that_is_missing_or_cannot_be_written_has_a_remedy(tmp_path: Path, error: str, remedy: str) -> None:
    assert remedy in advice(tmp_path, "numpy\n", error)


@pytest.mark.parametrize(
    "error",
    [
        "Runtime.MarshalError: Unable to marshal response: Object of type ndarray is not JSON serializable",
        "TypeError: Object of type ndarray is not JSON serializable",
    ],
)
def test_what_json_cannot_write_has_one_remedy_in_the_handler_and_in_its_response(tmp_path: Path, error: str) -> None:
    assert "array.tolist()" in advice(tmp_path, "numpy\n", error)
