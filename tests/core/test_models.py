"""The descriptions of AWS's services: found without looking through all of them, and the user's own, too."""

import json
from pathlib import Path

import pytest
from botocore.exceptions import DataNotFoundError, UnknownServiceError

from awsprov.models import Models, PlainLoader


class Counting(PlainLoader):
    """Counts how often it is asked whether a file exists."""

    looks = 0

    def exists(self, file_path: str) -> bool:
        self.looks += 1
        found: bool = super().exists(file_path)
        return found


def test_one_service_is_found_without_a_look_at_the_others() -> None:
    models = Models(None)
    models.file_loader = looking = Counting()
    model = models.load_service_model("efs", "paginators-1")
    assert "DescribeFileSystems" in model["pagination"]
    assert looking.looks < 10  # botocore looks some 450 times


def test_what_a_service_lacks_and_a_service_that_is_not_are_told_as_botocore_tells_them() -> None:
    with pytest.raises(DataNotFoundError):
        Models(None).load_service_model("efs", "waiters-9")
    with pytest.raises(UnknownServiceError, match="elastic-fish"):
        Models(None).load_service_model("elastic-fish", "service-2")


def test_further_descriptions_are_read_from_awss_data_path(tmp_path: Path) -> None:
    (tmp_path / "own" / "2020-01-01").mkdir(parents=True)
    (tmp_path / "own" / "2020-01-01" / "service-2.json").write_text(json.dumps({"metadata": {"serviceId": "own"}}))
    models = Models(f"{tmp_path}:{tmp_path / 'nowhere'}")
    assert models.load_service_model("own", "service-2")["metadata"] == {"serviceId": "own"}
    assert "ec2" in models.list_available_services("service-2")
