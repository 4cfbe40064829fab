"""The trust policy of a CI job's role, which `awsprov policy --trust` prints.

Sources for the `sub` claims: GitHub's documentation, "OpenID Connect reference" and "Immutable subject claims";
GitLab's documentation, "OpenID Connect authentication using ID tokens" and "Configure OpenID Connect in AWS".
"""

import re
from dataclasses import dataclass
from typing import Any, Literal

Condition = Literal["branch", "tag", "environment", "any"]

_DEFAULT = "main"  # the branch
_NAME = r"[A-Za-z0-9_.-]+"
_GITHUB = re.compile(rf"github:(?P<project>[A-Za-z0-9-]+(?:@\d+/{_NAME}@\d+|/{_NAME}))(?:@(?P<jobs>.+))?")
_GITLAB = re.compile(
    rf"(?P<host>gitlab|[a-z0-9-]+(?:\.[a-z0-9-]+)+):(?P<project>{_NAME}(?:/{_NAME})+)(?:@(?P<jobs>.+))?"
)
_JOBS = re.compile(r"(?:(?P<kind>branch|tag|environment):)?(?P<name>[A-Za-z0-9._/ -]+|\*)")
_TAG = re.compile(r"tag:(?P<name>[A-Za-z0-9._/*-]+)")


@dataclass(frozen=True)
class TrustedJobs:
    """Jobs of one repository that may assume a role.

    Arguments:
        issuer: the host and path of the OpenID Connect provider.
        project: as in `OWNER/REPO`, `OWNER@ID/REPO@ID` or `GROUP/SUBGROUP/PROJECT`.
        kind: by what jobs are selected.
        name: of the branch, the environment, or the tag, in which `*` stands for any characters.
    """

    issuer: str
    project: str
    kind: Condition
    name: str

    @classmethod
    def parse(cls, text: str) -> "TrustedJobs":
        """Return the jobs of `github:OWNER/REPO`, `gitlab:GROUP/PROJECT` or `HOST:GROUP/PROJECT`.

        Behind it may be `@BRANCH`, `@tag:TAG`, `@environment:NAME` or `@*`; without it, jobs are those of branch main.

        Raises:
            ValueError: the text is none of these, or GitLab's tokens do not contain what the condition needs.
        """
        if found := _GITHUB.fullmatch(text):
            issuer = "token.actions.githubusercontent.com"
        elif found := _GITLAB.fullmatch(text):
            issuer = "gitlab.com" if found["host"] == "gitlab" else found["host"]
        else:
            raise ValueError("is not a repository")
        kind, name = _condition(found["jobs"] or _DEFAULT)
        if kind == "environment" and not text.startswith("github:"):
            raise ValueError("names an environment, which the subject of GitLab's tokens does not contain")
        return cls(issuer, found["project"], kind, name)

    @property
    def on_github(self) -> bool:
        """Whether they are jobs of GitHub Actions."""
        return self.issuer.startswith("token.actions")

    @property
    def audience(self) -> str:
        """The audience of their tokens: that of AWS's action, or GitLab's address, as GitLab's documentation has it."""
        return "sts.amazonaws.com" if self.on_github else f"https://{self.issuer}"

    @property
    def subject(self) -> str:
        """The `sub` claim of their tokens. `*` stands for any characters."""
        if self.on_github:
            wanted = {"branch": "ref:refs/heads/", "tag": "ref:refs/tags/", "environment": "environment:", "any": ""}
            return f"repo:{self.project}:{wanted[self.kind]}{self.name}"
        wanted = {"branch": "ref_type:branch:ref:", "tag": "ref_type:tag:ref:", "any": ""}
        return f"project_path:{self.project}:{wanted[self.kind]}{self.name}"

    def trust_policy(self, account: str, partition: str = "aws") -> dict[str, Any]:
        """Return the trust policy of a role that they may assume.

        Arguments:
            account: the account id, 12 digits.
            partition: `aws`, `aws-cn` or `aws-us-gov`.
        """
        audience, subject = {f"{self.issuer}:aud": self.audience}, {f"{self.issuer}:sub": self.subject}
        exact = "*" not in self.subject
        statement = {
            "Effect": "Allow",
            "Principal": {"Federated": f"arn:{partition}:iam::{account}:oidc-provider/{self.issuer}"},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": audience | subject}
            if exact
            else {"StringEquals": audience, "StringLike": subject},
        }
        return {"Version": "2012-10-17", "Statement": [statement]}


def _condition(jobs: str) -> tuple[Condition, str]:
    if tag := _TAG.fullmatch(jobs):
        return "tag", tag["name"]
    found = _JOBS.fullmatch(jobs)
    if not found:
        raise ValueError("names no branch, tag or environment")
    if found["name"] == "*":
        if found["kind"]:
            raise ValueError("names no branch or environment; `@*` is for all jobs")
        return "any", "*"
    return ("environment" if found["kind"] == "environment" else "branch"), found["name"]
