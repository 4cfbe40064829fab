"""The descriptions of AWS's services: found without a look at all of them, the user's own, too, and kept."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

from awsprov.aws.service_models import Models, PlainLoader
from awsprov.iam.permissions import TABLE


class Counting(PlainLoader):
    """Counts how often it is asked whether a file exists."""

    looks = 0

    def exists(self, file_path: str) -> bool:
        self.looks += 1
        found: bool = super().exists(file_path)
        return found


def own(folder: Path, **description: Any) -> Models:
    """Loaders that know a service `own`, described so."""
    (folder / "own" / "2020-01-01").mkdir(parents=True, exist_ok=True)
    (folder / "own" / "2020-01-01" / "service-2.json").write_text(json.dumps(description))
    return Models(str(folder))


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
    own(tmp_path, metadata={"serviceId": "own"})
    models = Models(f"{tmp_path}:{tmp_path / 'nowhere'}")
    assert models.load_service_model("own", "service-2")["metadata"] == {"serviceId": "own"}
    assert "ec2" in models.list_available_services("service-2")


# ---- what is kept


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AWSPROV_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "services"


def undocumented(part: Any) -> Any:
    if isinstance(part, dict):
        return {k: undocumented(v) for k, v in part.items() if not (k == "documentation" and isinstance(v, str))}
    return [undocumented(each) for each in part] if isinstance(part, list) else part


@pytest.mark.parametrize("service", ["apigateway", "efs", "iam", "lambda", "logs", "sts"])
def test_all_but_the_documentation_of_a_service_is_kept(service: str, cache: Path) -> None:
    whole: dict[str, Any] = dict(Loader().load_service_model(service, "service-2"))
    first, second = (Models(None).load_service_model(service, "service-2") for _ in range(2))
    assert first == second
    assert undocumented(first) == undocumented(whole)
    assert (cache / f"{service}.json").stat().st_size < len(json.dumps(whole)) / 2


def test_a_member_that_is_called_documentation_is_none(tmp_path: Path, cache: Path) -> None:
    members = {"documentation": {"shape": "Text", "documentation": "What it is."}}
    models = own(tmp_path, shapes={"Page": {"type": "structure", "members": members}})
    kept = models.load_service_model("own", "service-2")
    assert kept["shapes"]["Page"]["members"] == {"documentation": {"shape": "Text"}}


def test_of_ec2_what_awsprov_may_call_is_kept_and_all_that_it_reaches(cache: Path) -> None:
    allowed = {action for right in TABLE if right.service == "ec2" for action in right.actions.split()}
    whole, kept = (ServiceModel(each.load_service_model("ec2", "service-2")) for each in (Loader(), Models(None)))
    assert set(kept.operation_names) == allowed
    for name in allowed:
        ours, theirs = kept.operation_model(name), whole.operation_model(name)
        assert list(named(ours.input_shape, [])) == list(named(theirs.input_shape, []))
        assert list(named(ours.output_shape, [])) == list(named(theirs.output_shape, []))


def named(shape: Shape | None, within: list[str]) -> Iterator[str]:
    """The names of a shape and all that is in it."""
    if shape is None or shape.name in within:
        return
    yield shape.name
    inner: dict[str, Any] = {"structure": ["members"], "list": ["member"], "map": ["key", "value"]}
    found = [getattr(shape, part) for part in inner.get(shape.type_name, [])]
    for each in [*found[0].values()] if shape.type_name == "structure" else found:
        yield from named(each, [*within, shape.name])


@pytest.mark.parametrize("spoilt", [b"", b"{", b"[]", b"{}", b'{"of": []}', b"\xff", b"null"])
def test_a_kept_description_that_is_spoilt_is_read_anew(spoilt: bytes, cache: Path) -> None:
    whole = Models(None).load_service_model("sts", "service-2")
    (cache / "sts.json").write_bytes(spoilt)
    assert Models(None).load_service_model("sts", "service-2") == whole
    assert json.loads((cache / "sts.json").read_bytes())["description"] == whole


def test_a_description_that_changed_is_read_anew(tmp_path: Path, cache: Path) -> None:
    assert own(tmp_path, metadata={"serviceId": "first"}).load_service_model("own", "service-2")
    changed = own(tmp_path, metadata={"serviceId": "second"}).load_service_model("own", "service-2")
    assert changed["metadata"] == {"serviceId": "second"}


def test_without_a_place_to_keep_it_a_description_is_read_all_the_same(cache: Path) -> None:
    cache.parent.write_text("a file where a directory should be")
    assert Models(None).load_service_model("sts", "service-2")["metadata"]["serviceId"] == "STS"
