"""The base of all rows of the tables in this package, from which `docs/fidelity.md` is generated."""

from dataclasses import dataclass

# The sources that rows cite.
API = "AWS API reference"
MODEL = "botocore service model"
GUIDE = "AWS documentation"
TERRAFORM = "terraform-provider-aws"
REPORTS = "user reports"
ESTIMATE = "estimate, not confirmed"


@dataclass(frozen=True, kw_only=True)
class FidelityRow:
    """A behaviour of AWS, and what moto and the local cloud do instead.

    Arguments:
        aws: what AWS does.
        moto: what moto alone does.
        source: the source for what AWS does.
        local: what the local cloud does.
    """

    aws: str = ""
    moto: str = ""
    source: str = GUIDE
    local: str = "as AWS"

    @property
    def title(self) -> str:
        """The case that the row describes."""
        raise NotImplementedError

    @property
    def on_aws(self) -> str:
        """What AWS does, as text."""
        return self.aws
