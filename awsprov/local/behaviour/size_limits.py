"""The limits of AWS that its service models do not contain, for `docs/fidelity.md` and for each call."""

from awsprov.local.behaviour import tag_limits, validation
from awsprov.local.behaviour.iam_limits import IAM_LIMITS
from awsprov.local.behaviour.lambda_limits import LAMBDA_LIMITS
from awsprov.local.behaviour.path_limits import PATH_LIMITS
from awsprov.local.behaviour.tag_limits import TAG_LIMITS
from awsprov.local.wire import ApiCall

_RULES = (*LAMBDA_LIMITS, *IAM_LIMITS, *PATH_LIMITS)
SIZE_LIMITS = (*_RULES, *TAG_LIMITS)


def check(call: ApiCall) -> None:
    """Check a call against the limits.

    Raises:
        ServiceError: it exceeds one.
    """
    validation.check(call, _RULES)
    tag_limits.check(call)
