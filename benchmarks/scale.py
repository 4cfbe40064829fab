"""One, ten and a hundred: functions in a stack, and stacks in an account; what they cost at constant workers."""

import re
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

from benchmarks.bars import Bar
from benchmarks.clouds import Bench, bench
from tests.e2e.projects import Client, clients

SIZES = (1, 10, 100)
_LINEAR = 1.25  # a like share of the larger may be so much dearer: what a fixed part hides at first is not growth
_SMALL, _LARGE = 120.0, 200.0  # MB
_TRUST = (
    '{"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}'
)
_ZIP = b"PK\x05\x06" + bytes(18)  # an empty one
_QUOTAS = ("vpcs", "internet-gateways", "addresses", "nat-gateways")
_FUNCTION = """
  answer{n}:
    source: lambda_src
    handler: lambda_function.lambda_handler
    memory: 256
    timeout: 10
    variables: {{LEVEL: low}}
    routes: [POST /answer{n}]
"""


class Cost(NamedTuple):
    """What a command took: the processor's seconds, calls, and megabytes at most."""

    processor: float
    calls: int
    memory: float


def measure() -> list[Bar]:
    """Functions first, then stacks."""
    with bench() as here:
        here.cloud.admin_request("POST", "quotas", **dict.fromkeys(_QUOTAS, 1000))
        functions = [_functions(here, count) for count in SIZES]
        stacks = _stacks(here)
    small, large = functions[0].memory, functions[-1].memory
    return [
        *_each("up of 100 functions, each", functions),
        *_same("no-op up in an account of 100 stacks", stacks),
        Bar("memory of up, one function", small, _SMALL, 1, faster=False, unit="MB"),
        Bar("memory of up, a hundred functions", large, _LARGE, 1, faster=False, unit="MB"),
    ]


def _functions(here: Bench, count: int) -> Cost:
    """A new stack with so many functions."""
    config = here.project.config.read_text()
    head, _, tail = config.partition("functions:\n")
    many = "functions:" + "".join(_FUNCTION.format(n=n) for n in range(count))
    here.project.config.write_text(head + many + tail[tail.index("stages:") :])
    cost = _cost(here)
    here.run("down", "--yes")
    print(f"{count} functions: {cost}", file=sys.stderr)
    return cost


def _stacks(here: Bench) -> list[Cost]:
    """A stack that stands, looked at again with so many in the account."""
    here.run("up", "--yes")
    client, found = clients(here.cloud), []
    for count, before in zip(SIZES, (1, *SIZES), strict=False):
        for n in range(before, count):
            _neighbour(client, f"stack-{n}")
        found.append(_cost(here))
        print(f"{count} stacks: {found[-1]}", file=sys.stderr)
    return found


def _neighbour(client: Client, name: str) -> None:
    """What another stack shows in listings that AWS does not filter: the others never see it."""
    tags = {"awsprov:stack": name, "awsprov:name": "other"}
    pairs: Any = [{"Key": key, "Value": value} for key, value in tags.items()]
    system = client("efs").create_file_system(CreationToken=name, Tags=pairs)["FileSystemId"]
    for access_point in ("one", "two"):
        client("efs").create_access_point(ClientToken=f"{name}-{access_point}", FileSystemId=system, Tags=pairs)
    client("apigateway").create_rest_api(name=name, tags=tags)
    client("logs").create_log_group(logGroupName=f"/aws/lambda/{name}", tags=tags)
    role = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=_TRUST)["Role"]["Arn"]
    code: Any = {"Runtime": "python3.12", "Handler": "a.b", "Code": {"ZipFile": _ZIP}}
    client("lambda").create_function(FunctionName=name, Role=role, Tags=tags, **code)


def _cost(here: Bench) -> Cost:
    run = here.run("up", "--yes", module=("benchmarks.measured",))
    measured = re.search(r"measured ([\d.]+) s ([\d.]+) MB", run.output)
    if measured is None:
        raise RuntimeError(run.output)
    return Cost(float(measured[1]), len(run.spans), float(measured[2]))


def _each(what: str, costs: Sequence[Cost]) -> list[Bar]:
    """What each of the last ninety added, against each of the first nine that came to the one."""
    one, ten, hundred = costs
    first, last = SIZES[1] - SIZES[0], SIZES[2] - SIZES[1]
    calls = (hundred.calls - ten.calls) / last, (ten.calls - one.calls) / first
    took = 1000 * (hundred.processor - ten.processor) / last, 1000 * (ten.processor - one.processor) / first
    return [
        Bar(f"{what}: calls", *calls, _LINEAR, faster=False, unit="calls each"),
        Bar(f"{what}: processor", *took, _LINEAR, faster=False, unit="ms each"),
    ]


def _same(what: str, costs: Sequence[Cost]) -> list[Bar]:
    """What one takes among a hundred, against what it took alone."""
    one, *_, hundred = costs
    return [
        Bar(f"{what}: calls", hundred.calls, one.calls, _LINEAR, faster=False, unit="calls"),
        Bar(f"{what}: processor", hundred.processor, one.processor, _LINEAR, faster=False),
    ]
