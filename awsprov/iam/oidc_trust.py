"""Who may take on the role of a CI job: what `awsprov policy --trust` prints."""

from typing import Any


def trust(repository: str, branch: str, account: str, partition: str = "aws") -> dict[str, Any]:
    """Who may take on the role: jobs of one GitHub repository, of one branch when it is named, by OpenID Connect.

    Arguments:
        repository: as in `OWNER/REPO`.
        branch: empty for any, pull requests of the repository's own branches included.
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
