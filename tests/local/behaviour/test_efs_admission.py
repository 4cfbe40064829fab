"""A policy of EFS has an effect on mounts some time after its change."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from awsprov.local.efs.admission import admits, note_policy_change

OLD, NEW = "arn:aws:iam::123456789012:role/old", "arn:aws:iam::123456789012:role/new"


def policy(*roles: str) -> str:
    return json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"AWS": list(roles)}, "Action": "*"}]})


def behaviour(*, propagated: bool, pace: float = 1.0) -> Any:
    return SimpleNamespace(propagated=lambda *_: propagated, cloud=SimpleNamespace(pace=pace))


@pytest.mark.parametrize(
    ("role", "propagated", "pace", "admitted"),
    [
        (OLD, False, 1.0, True),
        (NEW, False, 1.0, False),
        (NEW, True, 1.0, True),  # its own policies allow it
        (NEW, False, 0.0, True),
        ("", False, 1.0, True),
    ],
)
def test_a_role_that_a_policy_newly_names_is_refused_at_first(
    role: str, propagated: bool, pace: float, admitted: bool
) -> None:
    file_system = SimpleNamespace(file_system_policy=policy(OLD))
    note_policy_change(file_system)
    file_system.file_system_policy = policy(OLD, NEW)
    assert admits(behaviour(propagated=propagated, pace=pace), file_system, role) is admitted


def test_the_first_policy_of_a_file_system_refuses_no_one_at_first() -> None:
    file_system = SimpleNamespace(file_system_policy=None)
    note_policy_change(file_system)
    file_system.file_system_policy = policy(OLD)
    assert admits(behaviour(propagated=False), file_system, NEW)
