"""What to do about a failed resolution."""

import pytest

from awsprov.packaging.install_target import InstallTarget
from awsprov.packaging.resolution_error import resolution_error

FILTERED = "hint: `jinja2` was filtered by `exclude-newer` to only include packages uploaded before 2020-06-30"


@pytest.mark.parametrize(
    ("output", "remedy"),
    [
        (
            "Because markupsafe>=0.23 has no usable wheels and jinja2 depends on markupsafe>=0.23, …",
            "Require a version of markupsafe with a wheel for Python 3.12.",
        ),
        (
            f"Because numpy==1.16.0 has no wheels with a matching Python version tag\n{FILTERED}",
            "Require a version of numpy with a wheel for Python 3.12. Or choose a later `libraries.as_of`.",
        ),
        (FILTERED, "Choose a later `libraries.as_of` in config.yaml, or remove it."),
    ],
)
def test_the_package_is_named_and_a_later_day_if_one_is_set(output: str, remedy: str) -> None:
    target = InstallTarget("3.12", "x86_64-manylinux_2_28")
    assert resolution_error(output, "requirements.txt", target, [], {}).remedy == remedy
