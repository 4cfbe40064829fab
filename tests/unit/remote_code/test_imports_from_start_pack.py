"""Whatever a library does at its import and later, it does the same with a start pack, complete or damaged.

Each case is a program. Its output from the environment itself must be its output from the start pack, except for the
directory in paths.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from awsprov.remote_code.builder import workspace
from tests.unit.remote_code.builder_programs import Builder
from tests.unit.remote_code.packed_environment import add_pack, create, python

MORE = {
    "demo/tool.py": "import sys\nif __name__ == '__main__':\n    print('run', __file__, __spec__.name)\n",
    "demo/broken.py": "def fail(n):\n    text = 'what the line says'\n    raise ValueError(n)\n",
    "demo/relative.py": "import os\nHERE = os.path.dirname(__file__)\n"
    "TEXT = open(os.path.join(HERE, 'data', 'read.txt')).read() + open(HERE + '/../demo/data/unread.txt').read()\n",
    "demo/extended/__init__.py": "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\nONE = 1\n",
    "demo/template.py": "{% not python %}\n",
    "demo/lazy.py": "def __getattr__(name):\n    from importlib import import_module\n"
    "    return import_module(f'demo.{name}')\n",
    "demo/reads_source.py": "import inspect\nfrom demo import used\nTEXT = inspect.getsource(used.f)\n",
    "pydantic_core/_pydantic_core.py": "raise ImportError('the extension module is the one to import')\n",
    "demo-1.5.dist-info/entry_points.txt": "[demo.plugins]\nlater = demo.deep.later:f\n",
    "demo-1.5.dist-info/top_level.txt": "demo\n",
    "demo-1.5.dist-info/RECORD": "demo/__init__.py,,\ndemo/used.py,,\ndemo/data/read.txt,,\n",
}
PACKED = (
    "import demo, space.one, pydantic_core, demo.broken, demo.relative, demo.lazy, demo.reads_source, demo.extended\n"
    "import demo.tool\n"
)
CASES = {
    "module attributes": """
import demo.used, demo.deep, demo.unused
for m in (demo, demo.used, demo.deep, demo.unused):
    s = m.__spec__
    print(m.__file__, m.__cached__, m.__package__, getattr(m, '__path__', None), m.__doc__)
    print(s.name, s.origin, s.cached, s.has_location, s.parent, s.submodule_search_locations)
print(demo.used.f.__code__.co_filename)
""",
    "importlib.resources": """
import demo
from importlib import resources
root = resources.files('demo')
print(sorted(e.name for e in root.iterdir()))
print((root / 'data' / 'read.txt').read_text(), (root / 'data' / 'unread.txt').read_text())
with resources.as_file(root / 'data' / 'read.txt') as path:
    print(path, path.read_bytes())
print(sorted(e.name for e in resources.files('space').iterdir()), resources.is_resource('demo', 'used.py'))
""",
    "importlib.metadata": """
from importlib import metadata as m
print(m.version('demo'), sorted(d.name for d in m.distributions()), m.metadata('space-two')['Version'])
print([(e.name, e.load()()) for e in m.entry_points(group='demo.plugins')])
print([str(f.locate()) for f in m.files('demo')], m.packages_distributions()['demo'])
""",
    "pkgutil": """
import demo, pkgutil, pydantic_core
print(sorted(m.name for m in pkgutil.iter_modules(demo.__path__)))
print(sorted(m.name for m in pkgutil.walk_packages(demo.__path__, 'demo.')))
print(pkgutil.get_data('demo', 'data/unread.txt'), pkgutil.get_data('demo', 'used.py'))
print(sorted(m.name for m in pkgutil.iter_modules(pydantic_core.__path__)))
print(pkgutil.resolve_name('demo.used:f')())
print(sorted(m.name for m in pkgutil.iter_modules([LOCAL])))
""",
    "namespace packages": """
import space, space.one, space.two
print(space.__path__, space.__file__, space.one.NAME, space.two.NAME, space.__spec__.loader is None)
""",
    "extended paths": """
import demo.extended
print(demo.extended.ONE, demo.extended.__path__)
""",
    "tracebacks": """
import demo.broken, traceback
try:
    demo.broken.fail(3)
except ValueError:
    print(traceback.format_exc())
""",
    "errors of syntax": """
import traceback
try:
    import demo.template
except SyntaxError:
    print(traceback.format_exc())
""",
    "missing modules": """
import importlib.util, traceback
try:
    import demo.missing
except ModuleNotFoundError as error:
    print(error, error.name)
print(importlib.util.find_spec('missing'))
""",
    "sources": """
import inspect, demo.used, demo.reads_source, linecache
print(inspect.getsource(demo.used), inspect.getsourcefile(demo.used.f), inspect.getmodule(demo.used.f).__name__)
print(demo.reads_source.TEXT, inspect.getsourcelines(demo.used.f), linecache.getline(demo.used.__file__, 2))
""",
    "loaders": """
import demo.used, importlib.machinery as m
loader = demo.used.__loader__
print(loader.get_source('demo.used'), loader.is_package('demo.used'), loader.get_filename('demo.used'))
scope = {}
exec(loader.get_code('demo.used'), scope)
print(scope['f'](), isinstance(loader, m.SourceFileLoader))
print(loader.path_stats(loader.path).keys() >= {'mtime'}, loader.get_data(loader.path))
""",
    "relative data": """
import demo.relative
print(demo.relative.TEXT)
""",
    "extension module beside a source": """
import pydantic_core._pydantic_core as core
print(core.__file__, core.to_json([1]), type(core.__loader__).__name__)
""",
    "reload": """
import demo.used, importlib
demo.used.f = None
again = importlib.reload(demo.used)
print(again is demo.used, again.f(), importlib.reload(demo).DATA, again.__file__)
""",
    "import after removal": """
import sys, demo.used
del sys.modules['demo.used']
import demo.used
print(demo.used.f())
""",
    "invalidated caches": """
import demo, importlib
importlib.invalidate_caches()
import demo.deep.later, demo.unused
print(demo.deep.later.f(), demo.unused.NUMBER)
""",
    "lazy attributes": """
import demo.lazy
print(demo.lazy.unused.NUMBER, demo.lazy.used.f())
""",
    "import by threads": """
import importlib, sys, threading
names = ['demo.used', 'space.one', 'demo.deep.later', 'demo.unused']
threads = [threading.Thread(target=importlib.import_module, args=[name]) for name in names * 5]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print([n in sys.modules for n in names])
""",
    "run as a program": """
import runpy
runpy.run_module('demo.tool', run_name='__main__', alter_sys=True)
""",
    "a child process": """
import multiprocessing
import demo.used
if __name__ == '__main__':
    p = multiprocessing.get_context('spawn').Process(target=demo.used.f)
    p.start()
    p.join()
    print(p.exitcode)
""",
    "a forked process": """
import os
pid = os.fork()
if pid == 0:
    import demo, space.one
    os._exit(0 if demo.DATA == 'read' and space.one.NAME == 'one' else 1)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
import demo
print(demo.DATA)
""",
    "another entry comes first": """
import os, sys, tempfile
own = tempfile.mkdtemp()
open(own + '/demo.py', 'w').write('OWN = 1')
sys.path.insert(0, own)
import demo, space.one
print(demo.OWN, space.one.NAME)
""",
    "a walk": """
import demo, os
walk = [(at, names) for at, _, names in os.walk(demo.__path__[0]) if not at.endswith('__pycache__')]
print(sorted((n, open(os.path.join(at, n), 'rb').read()) for at, names in walk for n in names))
""",
    "pickles": """
import demo.used, pickle
print(pickle.loads(pickle.dumps(demo.used.f))())
""",
    "imports without bytecode": """
import subprocess
command = [sys.executable, '-S', '-O', '-c', 'import demo.used; print(demo.used.f())']
print(subprocess.run(command, env={'PYTHONPATH': LOCAL}, capture_output=True, text=True).stdout)
""",
}


@dataclass(frozen=True)
class Contenders:
    """An environment, with an intact start pack and with a damaged one, and where these are unpacked."""

    site: Path
    damaged: Path
    home: Path


@pytest.fixture(scope="module")
def contenders(tmp_path_factory: pytest.TempPathFactory) -> Contenders:
    """Create the environments once for all cases."""
    home = tmp_path_factory.mktemp("imports")
    site = create(home / "whole" / "0123456789abcdef", MORE)
    builder = Builder(home / "efs", home / "builder", home / "wheels")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(builder.commands), prepend=os.pathsep)
        add_pack(site, PACKED)
    damaged = shutil.copytree(site, home / "damaged" / site.name)
    (damaged / workspace.PACK).write_bytes(bytes((site / workspace.PACK).stat().st_size))
    return Contenders(site, damaged, home)


@pytest.mark.parametrize("damaged", [False, True], ids=["whole", "damaged"])
@pytest.mark.parametrize("case", CASES)
def test_an_import_is_the_same_with_a_start_pack(
    contenders: Contenders, tmp_path: Path, case: str, damaged: bool
) -> None:
    site = contenders.damaged if damaged else contenders.site
    output = python(site, CASES[case], tmp_path).splitlines()
    found = "\n".join(line for line in output if not line.startswith("awsprov: ")).strip()  # the line may be the last
    expected = python(site, CASES[case], tmp_path, packed=False)
    assert found.replace(str(tmp_path / "awsprov" / site.name), str(site)) == expected
