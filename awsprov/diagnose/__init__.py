"""Checks of `awsprov explain`: each part between a request and the libraries, in order, up to the first that fails.

They change nothing, and invoke nothing but the function's smoke request, if config.yaml has one.
"""

from collections.abc import Iterator

from awsprov.diagnose import importing, mounting, serving
from awsprov.diagnose.context import Context
from awsprov.operations.checks import Check, CheckResult, run_until_failure

__all__ = ["CHECKS", "Context", "diagnose"]

CHECKS = (
    Check("API", serving.api),
    Check("permission", serving.permission),
    Check("function", serving.function),
    Check("network interfaces", mounting.network_interfaces),
    Check("port 2049", mounting.port),
    Check("access point", mounting.access_point),
    Check("import", importing.libraries),
)


def diagnose(context: Context) -> Iterator[CheckResult]:
    """Run the checks in order and yield each result; those after the first failure are skipped."""
    return run_until_failure(CHECKS, context)
