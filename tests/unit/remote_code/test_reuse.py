"""Builds that take unchanged packages from the last one: the same files as from scratch, or everything from scratch."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from awsprov.remote_code.builder import reuse, tree
from awsprov.remote_code.builder.workspace import Workspace
from tests.unit.remote_code.builder_programs import Builder, manifest, wheel

pytestmark = pytest.mark.thorough  # each test builds environments with pip

AGAIN = "installing all packages again"


def digest(builder: Builder, name: str = "abc") -> str:
    """Return the option that says what was published; here what was built."""
    content = (builder.work / "builds" / name / "manifest.json").read_bytes()
    return f"--manifests={name}={hashlib.sha256(content).hexdigest()}"


def rebuilt(builder: Builder, before: str, after: str, code: str = "", published: str = "") -> str:
    """Build `after` with what a build of `before` has, check that it is as from scratch, and return the output."""
    handlers = [builder.handlers(code)] if code else []
    for name, requirements in (("abc", before), ("def", after)):
        options = [*handlers, *([published or digest(builder)] if name == "def" else [])]
        status, output = builder.build(name, requirements, *options)
        assert status == 0, output
    assert (builder.built, builder.leftovers) == (["def"], [])
    site = builder.work / "builds" / "def" / "site"
    entries = {name: tree.published(entry) for name, entry in tree.describe_all(site, 2).items()}
    found = (site.parent / "manifest.json").read_bytes()
    assert entries == json.loads(found)["files"]
    shutil.rmtree(site.parent)
    assert builder.build("def", after, *handlers)[0] == 0
    assert (site.parent / "manifest.json").read_bytes() == found
    return output


def several(builder: Builder) -> None:
    """Write wheels with everything that a package may have besides modules."""
    lazy = b"__getattr__, *_ = lazy_loader.attach_stub(__name__, __file__)\n"
    script = {"tool-1.0.data/scripts/run-tool": b"#!python\nprint(1)\n", "tool-1.0.data/data/share/tool.txt": b"tool"}
    entry = {"tool-1.0.dist-info/entry_points.txt": b"[console_scripts]\ntool = tool:main\n"}
    wheel(builder.wheels, "tool", more={**script, **entry, "tool.pth": b"import sys\n"})
    wheel(
        builder.wheels,
        "ns_a",
        more={"ns/a.py": b"A = 1\n", "ns/core.pyi": b"", "ns/template.py": b"{% x %}\n", "ns_a/tests/x.py": b""},
    )
    wheel(builder.wheels, "ns_b", more={"ns/b.py": lazy})
    wheel(builder.wheels, "old", more={"old/use.py": b"from ns_a.tests import x\n"})
    tests = {"one/tests/__init__.py": b"", "one/tests/test_one.py": b"", "one/core.pyi": b""}
    wheel(builder.wheels, "one", more={"both/x.py": b"X = 1\n", **tests})
    wheel(builder.wheels, "two", more={"both/x.py": b"X = 2\n", "one/more.txt": b"more"})
    entry = {"more-1.0.dist-info/entry_points.txt": b"[console_scripts]\nmore = more:main\n"}
    wheel(builder.wheels, "more", more={**entry, "ns/c.py": b"C = 1\n", "more/tests/test_more.py": b"import more\n"})
    wheel(builder.wheels, "tiny", "2.0", more={"tiny/new.py": b"NEW = 1\n"})


def test_a_package_more_one_less_and_one_updated_give_what_all_from_scratch_give(builder: Builder) -> None:
    several(builder)
    always = "tool\nns_a\none\ntwo\n"
    code = "import one, tool, ns.a\n"
    output = rebuilt(builder, f"{always}tiny==1.0\nns_b\nold\n", f"{always}tiny==2.0\nmore\n", code)
    assert "taking 4 of 6 packages from the last build" in output
    assert AGAIN not in output
    (installed,) = [line for line in output.splitlines() if "Successfully installed" in line]
    assert sorted(installed.split()[2:]) == ["more-1.0", "tiny-2.0"]


def inodes(builder: Builder, name: str, package: str) -> dict[str, int]:
    """Return the inodes of a package's modules and bytecode in a build."""
    site = builder.work / "builds" / name / "site"
    return {str(path.relative_to(site)): path.stat().st_ino for path in (site / package).rglob("*.py*")}


def test_what_did_not_change_is_not_copied_or_compiled_again(builder: Builder) -> None:
    wheel(builder.wheels, "other")
    builder.build("abc")
    before = inodes(builder, "abc", "tiny")
    builder.build("def", "tiny\nother\n", digest(builder))
    assert len(before) == 4
    assert inodes(builder, "def", "tiny") == before


def test_one_more_package_costs_what_it_weighs(builder: Builder) -> None:
    wheel(builder.wheels, "other", more={"other/data.bin": b"other" * 20_000})
    before = builder.install("abc", "tiny\n")
    after = builder.install("def", "tiny\nother\n", digest(builder))
    sizes = {name: entry["size"] for name, entry in manifest(after)["files"].items()}
    copied = {name: size for name, size in sizes.items() if size and (after / name).stat().st_nlink == 1}
    assert "other/data.bin" in copied
    assert {name for name in copied if not name.startswith("other")} == set()
    assert sum(copied.values()) <= sum(size for name, size in sizes.items() if name.startswith("other"))
    assert (before / "tiny" / "__init__.py").samefile(after / "tiny" / "__init__.py")


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("one\n", "one\ntwo\n", "both/x.py belongs to several packages"),
        pytest.param("one\ntwo\n", "one\n", "x.cpython", marks=pytest.mark.thorough),
        pytest.param("one\n", "one\nuser\n", "one/tests/test_one.py was not needed", marks=pytest.mark.thorough),
        pytest.param("one\n", "one\nlazy\n", "one/core.pyi was not needed", marks=pytest.mark.thorough),
    ],
)
def test_everything_is_installed_again_when_packages_depend_on_each_other(
    builder: Builder, before: str, after: str, why: str
) -> None:
    several(builder)
    wheel(builder.wheels, "user", more={"user/use.py": b"from one.tests import test_one\n"})
    wheel(builder.wheels, "lazy", more={"one/lazy.py": b"attach_stub(__name__, __file__)\n"})
    (line,) = [line for line in rebuilt(builder, before, after).splitlines() if AGAIN in line]
    assert why in line


def found(builder: Builder, published: str) -> reuse.Earlier | None:
    """Return the build that would be used, given the SHA-256 of the published manifest."""
    return reuse.find(Workspace(builder.work), {"abc": published})


def test_only_a_build_that_was_published_is_used(builder: Builder) -> None:
    builder.build("abc")
    assert found(builder, digest(builder).rpartition("=")[2])
    assert found(builder, "0" * 64) is None
    assert reuse.find(Workspace(builder.work), {"other": digest(builder).rpartition("=")[2]}) is None


def test_a_build_of_other_tools_is_not_used(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    builder.build("abc")
    monkeypatch.setattr("zlib.ZLIB_RUNTIME_VERSION", "99.1")
    assert found(builder, digest(builder).rpartition("=")[2]) is None


def test_nothing_is_taken_from_a_build_that_was_changed_since(builder: Builder, tmp_path: Path) -> None:
    """Code of a project runs on the builder as another user, who cannot write there; this holds even if one can."""
    builder.build("abc")
    earlier = found(builder, digest(builder).rpartition("=")[2])
    assert earlier
    wheels = earlier.wheels.values()
    assert len(reuse.take(earlier, wheels, tmp_path / "site").files) == len(earlier.files)
    for number, name in enumerate(("tiny/__init__.py", "tiny/deep/data.txt", "tiny-1.0.dist-info/RECORD")):
        before = (earlier.site / name).read_bytes()
        (earlier.site / name).write_bytes(before[:-1] + b"#")
        with pytest.raises(reuse.ReuseError, match=name):
            reuse.take(earlier, wheels, tmp_path / f"changed{number}")
        (earlier.site / name).unlink()
        with pytest.raises(reuse.ReuseError, match="is damaged"):
            reuse.take(earlier, wheels, tmp_path / f"missing{number}")
        (earlier.site / name).write_bytes(before)


def test_files_of_no_package_are_not_taken(builder: Builder, tmp_path: Path) -> None:
    """Such as libraries of the system, which were copied for packages that were changed for them."""
    builder.build("abc")
    earlier = found(builder, digest(builder).rpartition("=")[2])
    assert earlier
    earlier.files["awsprov.libs/libx.so"] = earlier.files["tiny/__init__.py"]
    with pytest.raises(reuse.ReuseError, match=r"awsprov.libs/libx.so belongs to no package"):
        reuse.take(earlier, earlier.wheels.values(), tmp_path / "site")


def test_a_failed_build_leaves_the_last_one(builder: Builder) -> None:
    builder.build("abc")
    published = digest(builder)
    status, _ = builder.build("def", "tiny\nnothing-of-that-name==9\n", published)
    assert (status, builder.built, builder.leftovers) == (3, ["abc"], [])
    wheel(builder.wheels, "other")
    assert "taking 1 of 2 packages" in builder.build("def", "tiny\nother\n", published)[1]
