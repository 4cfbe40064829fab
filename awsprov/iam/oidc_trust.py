"""The trust policy of a CI job's role, which `awsprov policy --trust` prints."""

from typing import Any


def trust_policy(repository: str, branch: str, account: str, partition: str = "aws") -> dict[str, Any]:
    """Return the trust policy of a role that jobs of one GitHub repository may assume (OpenID Connect).

    Arguments:
        repository: as in `OWNER/REPO`.
        branch: the branch that jobs must run on; empty for any, including pull requests.
        account: the account id, 12 digits.
        partition: `aws`, `aws-cn` or `aws-us-gov`.
    """
    issuer = "token.actions.githubusercontent.com"
    subject = f"repo:{repository}:{f'ref:refs/heads/{branch}' if branch else '*'}"
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:{partition}:iam::{account}:oidc-provider/{issuer}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {f"{issuer}:aud": "sts.amazonaws.com"},
            "StringLike": {f"{issuer}:sub": subject},
        },
    }
    return {"Version": "2012-10-17", "Statement": [statement]}
