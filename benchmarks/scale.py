"""Calls, CPU time and memory of `up` with 1, 10 and 100 functions in a stack, and stacks in an account."""

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from benchmarks.comparison import Comparison
from benchmarks.local_project import LocalProject, local_project
from benchmarks.usage import usage_in
from tests.e2e.projects import Client, clients

SIZES = (1, 10, 100)
_LINEAR = 1.25  # how much more one of many may take than one of few
_SMALL, _LARGE = 120.0, 200.0  # MB of memory with one function, and with a hundred
_TRUST = (
    '{"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}'
)
_ZIP = b"PK\x05\x06" + bytes(18)  # of no files
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
    """The CPU time, the number of calls and the peak memory in MB of a command."""

    cpu_seconds: float
    calls: int
    memory: float


def measure() -> list[Comparison]:
    """Measure functions and stacks, in a local cloud each, at the same time: only calls, CPU time and memory count."""
    with ThreadPoolExecutor() as pool:
        functions, stacks = (each.result() for each in (pool.submit(_functions), pool.submit(_stacks)))
    small, large = functions[0].memory, functions[-1].memory
    return [
        *_compare_increments("up of 100 functions, each", functions),
        *_compare_ends("no-op up in an account of 100 stacks", stacks),
        Comparison("memory of up, one function", small, _SMALL, 1, faster=False, unit="MB"),
        Comparison("memory of up, a hundred functions", large, _LARGE, 1, faster=False, unit="MB"),
    ]


def _functions() -> list[Cost]:
    with local_project() as project:
        return [_with_functions(project, count) for count in SIZES]


def _stacks() -> list[Cost]:
    with local_project() as project:
        project.cloud.admin_request("POST", "quotas", **dict.fromkeys(_QUOTAS, 1000))
        return _with_stacks(project)


def _with_functions(project: LocalProject, count: int) -> Cost:
    """Return the cost of creating a stack with so many functions."""
    config = project.project.config.read_text()
    head, _, tail = config.partition("functions:\n")
    functions = "functions:" + "".join(_FUNCTION.format(n=n) for n in range(count))
    project.project.config.write_text(head + functions + tail[tail.index("stages:") :])
    cost = _cost(project)
    if count < max(SIZES):  # the local cloud ends with the last stack
        project.run("down", "--yes")
    print(f"{count} functions: {cost}", file=sys.stderr)
    return cost


def _with_stacks(project: LocalProject) -> list[Cost]:
    """Return the cost of a second `up` with so many stacks in the account."""
    project.run("up", "--yes")
    client, costs = clients(project.cloud), []
    for count, before in zip(SIZES, (1, *SIZES), strict=False):
        for n in range(before, count):
            _create_neighbour(client, f"stack-{n}")
        costs.append(_cost(project))
        print(f"{count} stacks: {costs[-1]}", file=sys.stderr)
    return costs


def _create_neighbour(client: Client, name: str) -> None:
    """Create what another stack adds to listings that AWS cannot filter."""
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


def _cost(project: LocalProject) -> Cost:
    """Return the cost of `up`."""
    run = project.run("up", "--yes", module=("benchmarks.usage",))
    usage = usage_in(run.output)
    return Cost(usage.cpu_seconds, len(run.spans), usage.megabytes)


def _compare_increments(name: str, costs: Sequence[Cost]) -> list[Comparison]:
    """Compare what each of the last ninety adds with what each of the nine after the first one adds."""
    one, ten, hundred = costs
    few, many = SIZES[1] - SIZES[0], SIZES[2] - SIZES[1]
    calls = (hundred.calls - ten.calls) / many, (ten.calls - one.calls) / few
    cpu = (hundred.cpu_seconds - ten.cpu_seconds) / many, (ten.cpu_seconds - one.cpu_seconds) / few
    return [
        Comparison(f"{name}: calls", calls[0], calls[1], _LINEAR, faster=False, unit="calls each"),
        Comparison(f"{name}: CPU time", 1000 * cpu[0], 1000 * cpu[1], _LINEAR, faster=False, unit="ms each"),
    ]


def _compare_ends(name: str, costs: Sequence[Cost]) -> list[Comparison]:
    """Compare the last cost with the first one."""
    first, *_, last = costs
    return [
        Comparison(f"{name}: calls", last.calls, first.calls, _LINEAR, faster=False, unit="calls"),
        Comparison(f"{name}: CPU time", last.cpu_seconds, first.cpu_seconds, _LINEAR, faster=False),
    ]
