"""What the rows of all tables have in common: a behaviour of AWS, what moto makes of it, and who says so."""

from dataclasses import dataclass, field

# The sources that rows name.
API = "AWS API reference"
MODEL = "botocore service model"
GUIDE = "AWS documentation"
TERRAFORM = "terraform-provider-aws"
REPORTS = "user reports"
ESTIMATE = "estimate, not confirmed"


@dataclass(frozen=True, kw_only=True)
class FidelityRow:
    """One row of `docs/fidelity.md`.

    Arguments:
        aws: what AWS does.
        moto: what moto alone does.
        source: where this is known from.
        ours: what this cloud does, where it is not what AWS does.
    """

    aws: str = ""
    moto: str = "does not"
    source: str = GUIDE
    ours: str = "as AWS"

    @property
    def what(self) -> str:
        """The subject of the row."""
        raise NotImplementedError

    @property
    def told(self) -> str:
        """The behaviour of AWS, in words."""
        return self.aws


@dataclass(frozen=True)
class BackendBehaviour(FidelityRow):
    """A behaviour that is not a table's row but a few lines of a backend; written down here all the same."""

    subject: str = field(default="")

    @property
    def what(self) -> str:
        return self.subject
