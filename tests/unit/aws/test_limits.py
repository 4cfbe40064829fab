"""Our limits are those in botocore's models and their documentation: a newer botocore raises them here."""

import re
from typing import Any, get_args

import botocore
import pytest
from botocore.loaders import create_loader
from packaging.version import Version

from awsprov.aws import limits
from awsprov.config.libraries import LibrariesConfig

AMAZON_LINUX_PYTHONS = {"3.9", "3.11", "3.12", "3.13", "3.14"}  # its user guide, "Python in AL2023"
# Older models, which awsprov works with as well, state lower limits.
pytestmark = pytest.mark.skipif(
    Version(botocore.__version__) < Version("1.44.8"), reason="the limits were read from botocore 1.44.8"
)


@pytest.fixture(scope="module")
def shapes() -> Any:
    """The shapes of Lambda's API, with their documentation."""
    return create_loader().load_service_model("lambda", "service-2")["shapes"]


def documentation(shapes: Any, member: str) -> str:
    """Return what CreateFunction says about a member, as plain text."""
    text = shapes["CreateFunctionRequest"]["members"][member]["documentation"]
    return re.sub(r"<[^>]+>", "", text).replace("\xa0", " ")


def number(text: str, sentence: str) -> int:
    """Return the number that a sentence states."""
    found = re.search(sentence, text)
    assert found, f"the documentation changed, read it again: {text}"
    return int(found[1].replace(",", ""))


def test_the_timeout_is_that_of_functions_without_managed_instances(shapes: Any) -> None:
    text = documentation(shapes, "Timeout")
    assert number(
        text, r"maximum allowed value is ([\d,]+) seconds\. For functions using Lambda Managed Instances"
    ) == (limits.TIMEOUT.value)


def test_the_memory_is_the_bound_of_the_model_while_the_text_states_none(shapes: Any) -> None:
    assert shapes["MemorySize"]["max"] == limits.MEMORY.value
    text = documentation(shapes, "MemorySize")
    assert not re.search(r"(?i)maximum|between|up to", text), f"it states a bound now, which is certain: {text}"


def test_a_function_name_is_as_long_as_the_text_says(shapes: Any) -> None:
    assert number(documentation(shapes, "FunctionName"), r"limited to (\d+) characters") == limits.FUNCTION_NAME


def test_a_role_name_is_as_long_as_the_model_says() -> None:
    shapes = create_loader().load_service_model("iam", "service-2")["shapes"]
    assert shapes["roleNameType"]["max"] == limits.ROLE_NAME


def pythons(shapes: Any) -> set[str]:
    """Return the versions of Python that run on Amazon Linux 2023 in Lambda."""
    versions = {name.removeprefix("python") for name in shapes["Runtime"]["enum"] if name.startswith("python3.")}
    return {each for each in versions if Version(each) >= Version("3.12")}


def test_every_python_of_lambda_that_amazon_linux_packages_can_be_configured(shapes: Any) -> None:
    configurable = get_args(LibrariesConfig.model_fields["python"].annotation)
    assert set(configurable) == pythons(shapes) & AMAZON_LINUX_PYTHONS


def test_every_other_python_of_lambda_is_refused_with_the_reason(shapes: Any) -> None:
    assert set(limits.UNPACKAGED_PYTHONS) == pythons(shapes) - AMAZON_LINUX_PYTHONS
