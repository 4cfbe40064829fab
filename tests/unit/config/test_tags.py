"""The limits of `tags`, and of the path of roles."""

import json
import re

import pytest

from awsprov.config.loader import load
from awsprov.errors import UsageError
from tests.unit.conftest import PLAIN, Project

MANY = {f"tag{n}": "x" for n in range(41)}


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("tags: {'aws:team': a}", r"config.yaml:11:8: `tags.aws:team`: 'aws:team' is reserved"),
        ("tags: {'AWS:team': a}", "is reserved"),
        ("tags: {'awsprov:stack': other}", "'awsprov:stack' is reserved"),
        ("tags: {Name: a}", "'Name' is reserved"),
        ("tags: {name: a}", "'name' is reserved, in any case"),
        ("tags: {team: a, Team: b}", r"config.yaml:11:7: `tags` has 'team' and 'Team', which differ in case only"),
        (f"tags: {{{'k' * 129}: a}}", r"config.yaml:11:8: .* of 128 characters at most"),
        (f"tags: {{team: {'v' * 257}}}", r"config.yaml:11:14: `tags.team` .*of 256 characters at most"),
        ("tags: {'': a}", "`` in `tags` must be the key of a tag"),
        ("tags: {team: a;b}", r"config.yaml:11:14: `tags.team`: 'a;b' has characters other than"),
        ("tags: {cost-center: 4711}", r"config.yaml:11:21: `tags.cost-center` .* in quotes, as in `cost-center: risk`"),
        ("api: {type: http}\ntags: {team: ''}", "config.yaml:12:14: the tag `team` has no value, which HTTP APIs need"),
        (f"tags: {json.dumps(MANY)}", r"config.yaml:11:7: `tags` .*at most 40"),
        ("roles: {path: apps}", r"config.yaml:11:15: `roles.path` .*as in `path: /apps/`"),
        ("roles: {path: /apps}", r"config.yaml:11:15: `roles.path`"),
        (f"roles: {{path: /{'a' * 460}/}}", r"config.yaml:11:15: `roles.path`"),
    ],
)
def test_what_aws_refuses_is_an_error_with_its_place(project: Project, section: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(project.write(f"{PLAIN}{section}\n"))
    assert re.search(message, caught.value.why), caught.value.why


def test_what_aws_accepts_is_no_error(project: Project) -> None:
    config = load(project.write(f"{PLAIN}tags: {{team: risk, 'a/b:c': 'Zürich 1', e: ''}}\nroles: {{path: /a/b-c/}}\n"))
    assert config.tags == {"team": "risk", "a/b:c": "Zürich 1", "e": ""}
    assert config.roles.path == "/a/b-c/"
