"""The service model loader: one service is found without listing all, AWS_DATA_PATH works, and models are cached."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.loaders import Loader

from awsprov.aws.service_models import ModelFileLoader, ModelLoader


class Counting(ModelFileLoader):
    """Counts the checks whether a file exists."""

    looks = 0

    def exists(self, file_path: str) -> bool:
        self.looks += 1
        found: bool = super().exists(file_path)
        return found


def own(folder: Path, **description: Any) -> ModelLoader:
    """Return a loader with one more service, `own`, of this model."""
    (folder / "own" / "2020-01-01").mkdir(parents=True, exist_ok=True)
    (folder / "own" / "2020-01-01" / "service-2.json").write_text(json.dumps(description))
    return ModelLoader(str(folder))


def test_one_service_is_found_without_a_look_at_the_others() -> None:
    models = ModelLoader(None)
    models.file_loader = looking = Counting()
    model = models.load_service_model("efs", "paginators-1")
    assert "DescribeFileSystems" in model["pagination"]
    assert looking.looks < 10  # botocore looks some 450 times


def test_a_missing_model_and_an_unknown_service_raise_what_botocore_raises() -> None:
    with pytest.raises(DataNotFoundError):
        ModelLoader(None).load_service_model("efs", "waiters-9")
    with pytest.raises(UnknownServiceError, match="elastic-fish"):
        ModelLoader(None).load_service_model("elastic-fish", "service-2")


def test_more_models_are_read_from_aws_data_path(tmp_path: Path) -> None:
    own(tmp_path, metadata={"serviceId": "own"})
    models = ModelLoader(f"{tmp_path}:{tmp_path / 'nowhere'}")
    assert models.load_service_model("own", "service-2")["metadata"] == {"serviceId": "own"}
    assert "ec2" in models.list_available_services("service-2")


# ---- the cache


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AWSPROV_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "services"


def undocumented(part: Any) -> Any:
    if isinstance(part, dict):
        return {k: undocumented(v) for k, v in part.items() if not (k == "documentation" and isinstance(v, str))}
    return [undocumented(each) for each in part] if isinstance(part, list) else part


@pytest.mark.parametrize("service", ["apigateway", "ec2", "efs", "iam", "lambda", "logs", "sts"])
def test_all_of_a_model_but_its_documentation_is_cached(service: str, cache: Path) -> None:
    whole: dict[str, Any] = dict(Loader().load_service_model(service, "service-2"))
    first, second = (ModelLoader(None).load_service_model(service, "service-2") for _ in range(2))
    assert first == second
    assert undocumented(first) == undocumented(whole)
    assert (cache / f"{service}.json").stat().st_size < len(json.dumps(whole)) / 2


def test_a_member_named_documentation_is_not_documentation(tmp_path: Path, cache: Path) -> None:
    members = {"documentation": {"shape": "Text", "documentation": "What it is."}}
    models = own(tmp_path, shapes={"Page": {"type": "structure", "members": members}})
    kept = models.load_service_model("own", "service-2")
    assert kept["shapes"]["Page"]["members"] == {"documentation": {"shape": "Text"}}


@pytest.mark.parametrize("damaged", [b"", b"{", b"[]", b"{}", b'{"source": []}', b"\xff", b"null"])
def test_a_damaged_copy_is_replaced(damaged: bytes, cache: Path) -> None:
    whole = ModelLoader(None).load_service_model("sts", "service-2")
    (cache / "sts.json").write_bytes(damaged)
    assert ModelLoader(None).load_service_model("sts", "service-2") == whole
    assert json.loads((cache / "sts.json").read_bytes())["model"] == whole


def test_a_model_that_changed_is_read_again(tmp_path: Path, cache: Path) -> None:
    assert own(tmp_path, metadata={"serviceId": "first"}).load_service_model("own", "service-2")
    changed = own(tmp_path, metadata={"serviceId": "second"}).load_service_model("own", "service-2")
    assert changed["metadata"] == {"serviceId": "second"}


def test_a_cache_that_cannot_be_written_is_no_error(cache: Path) -> None:
    cache.parent.write_text("a file where a directory should be")
    assert ModelLoader(None).load_service_model("sts", "service-2")["metadata"]["serviceId"] == "STS"


def test_the_parts_of_a_model_whose_documentation_botocore_reads_are_kept(tmp_path: Path, cache: Path) -> None:
    parameters = {"Accelerate": {"type": "boolean", "documentation": "Read by botocore."}}
    models = own(tmp_path, metadata={"serviceId": "own"}, clientContextParams=parameters)
    assert models.load_service_model("own", "service-2")["clientContextParams"] == parameters
    assert list(cache.glob("*.json"))
