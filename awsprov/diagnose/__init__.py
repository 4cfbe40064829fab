"""Checks of `awsprov explain`: each part of a request, from the API to the response, up to the first that fails.

They change nothing. They invoke the function without a call of its handler, or with its smoke request if it has one.
"""

from collections.abc import Iterator

from awsprov.diagnose import answering, importing, mounting, outbound, serving
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
    Check("NAT instance", outbound.nat_instance, applies=outbound.has_nat_instance),
    Check("import", importing.libraries),
    Check("handler", answering.handler),
    Check("response", answering.response),
)


def diagnose(context: Context) -> Iterator[CheckResult]:
    """Run the checks in order and yield each result; those after the first failure are skipped."""
    return run_until_failure([check for check in CHECKS if check.applies(context)], context)
