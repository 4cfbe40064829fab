"""deploy: what is done at the same time."""

import pytest

from awsprov.aws.client import Aws
from awsprov.errors import CredentialsError
from awsprov.project.project import Project
from tests.unit.cli.conftest import Call


@pytest.mark.usefixtures("project")
def test_the_code_is_parsed_while_credentials_are_looked_for(awsprov: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    began = list[str]()

    def credentials(_: Aws) -> None:
        began.append("credentials")
        raise CredentialsError("There are no credentials.")

    monkeypatch.setattr(Project, "start_parsing", lambda _: began.append("parsing"))
    monkeypatch.setattr(Aws, "credentials", credentials)
    assert awsprov("deploy").code == CredentialsError.exit_code
    assert began == ["parsing", "credentials"]
