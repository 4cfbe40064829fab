"""The trust of CI jobs: which `sub` claims match, and that no other job's does."""

import fnmatch
from typing import Any

import pytest

from awsprov.iam.oidc_trust import TrustedJobs

GITHUB, GITLAB = "token.actions.githubusercontent.com", "gitlab.com"
SUBJECTS = [
    ("github:octo/prices", GITHUB, "repo:octo/prices:ref:refs/heads/main"),
    ("github:octo/prices@release/2", GITHUB, "repo:octo/prices:ref:refs/heads/release/2"),
    ("github:octo/prices@branch:dev", GITHUB, "repo:octo/prices:ref:refs/heads/dev"),
    ("github:octo/prices@tag:v1.0", GITHUB, "repo:octo/prices:ref:refs/tags/v1.0"),
    ("github:octo/prices@environment:prod", GITHUB, "repo:octo/prices:environment:prod"),
    ("github:octo@123/prices@456", GITHUB, "repo:octo@123/prices@456:ref:refs/heads/main"),
    ("github:octo@123/prices@456@dev", GITHUB, "repo:octo@123/prices@456:ref:refs/heads/dev"),
    ("gitlab:acme/risk/prices", GITLAB, "project_path:acme/risk/prices:ref_type:branch:ref:main"),
    ("gitlab:acme/prices@tag:v2", GITLAB, "project_path:acme/prices:ref_type:tag:ref:v2"),
    ("git.acme.example:acme/prices@dev", "git.acme.example", "project_path:acme/prices:ref_type:branch:ref:dev"),
]


def conditions(text: str) -> dict[str, Any]:
    (statement,) = TrustedJobs.parse(text).trust_policy("123456789012")["Statement"]
    found: dict[str, Any] = statement["Condition"]
    return found


@pytest.mark.parametrize(("text", "issuer", "subject"), SUBJECTS)
def test_one_branch_tag_or_environment_is_named_exactly(text: str, issuer: str, subject: str) -> None:
    audience = "sts.amazonaws.com" if issuer == GITHUB else f"https://{issuer}"
    assert conditions(text) == {"StringEquals": {f"{issuer}:aud": audience, f"{issuer}:sub": subject}}
    (statement,) = TrustedJobs.parse(text).trust_policy("123456789012", "aws-cn")["Statement"]
    assert statement["Principal"]["Federated"] == f"arn:aws-cn:iam::123456789012:oidc-provider/{issuer}"


@pytest.mark.parametrize(
    ("text", "matching", "others"),
    [
        ("github:octo/prices@tag:v*", ["ref:refs/tags/v1"], ["ref:refs/heads/v1", "pull_request"]),
        ("github:octo/prices@*", ["ref:refs/heads/x", "pull_request", "environment:prod"], []),
    ],
)
def test_a_pattern_matches_jobs_of_this_repository_only(text: str, matching: list[str], others: list[str]) -> None:
    (pattern,) = conditions(text)["StringLike"].values()
    assert all(fnmatch.fnmatchcase(f"repo:octo/prices:{each}", pattern) for each in matching)
    assert not any(fnmatch.fnmatchcase(f"repo:octo/prices:{each}", pattern) for each in others)
    for other in ("octo/prices2", "evil/prices", "octo/prices/x"):
        assert not fnmatch.fnmatchcase(f"repo:{other}:{matching[0]}", pattern)


@pytest.mark.parametrize(
    "text",
    [
        "", "octo/prices", "github:octo", "github:octo/*", "github:*/prices", "github:octo/prices:x", "github:octo/a/b",
        "github:octo@1/prices", "github:octo/prices@", "github:octo/prices@m*", "github:octo/prices@branch:*",
        "github:octo/prices@environment:*", "github:octo/prices@a:b", "gitlab:prices",
        "gitlab:acme/prices@environment:x", "gitlab:acme/*", "https://gitlab.com:acme/prices",
        "gitlab:acme/prices@ma?n",
    ],
)  # fmt: skip
def test_what_names_no_jobs_or_too_many_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a repository|names"):
        TrustedJobs.parse(text)
