"""Well-known packages: names under which they are looked for, and others that replace them."""

from difflib import get_close_matches

from packaging.utils import canonicalize_name

_NEAR = 0.8  # the similarity from which a name is taken for a misspelled one
# Packages whose modules have another name than the package, from their metadata on PyPI (`top_level.txt`, RECORD).
# Names that differ by `py`, `python-` or another part only, as `pyyaml` and `python-dateutil`, need no row.
PACKAGES = {
    "attr": "attrs", "bio": "biopython", "bs4": "beautifulsoup4", "bson": "pymongo", "crypto": "pycryptodome",
    "cryptodome": "pycryptodomex", "cv2": "opencv", "dns": "dnspython", "fitz": "pymupdf", "git": "gitpython",
    "google": "protobuf", "imblearn": "imbalanced-learn", "mpl-toolkits": "matplotlib", "mysqldb": "mysqlclient",
    "pil": "pillow", "pkg-resources": "setuptools", "pylab": "matplotlib", "pywt": "pywavelets",
    "rest-framework": "djangorestframework", "skimage": "scikit-image", "sklearn": "scikit-learn",
    "skopt": "scikit-optimize", "sksurv": "scikit-survival", "tlz": "toolz",
}  # fmt: skip
# Packages without wheels for Linux, and those that replace them; behind each the source.
TWINS = {
    "cx-oracle": "oracledb",  # python-oracledb.readthedocs.io: the new name of cx_Oracle
    "fasttext": "fasttext-wheel",  # its page on PyPI
    "mysqlclient": "pymysql",  # pymysql.readthedocs.io: its API is largely that of mysqlclient
    "pil": "pillow",  # pillow.readthedocs.io: the fork of PIL
    "psycopg2": "psycopg2-binary",  # psycopg.org/docs/install.html
    "pycrypto": "pycryptodome",  # pycryptodome.org
    "python-levenshtein": "levenshtein",  # its page on PyPI
    "sklearn": "scikit-learn",  # its page on PyPI
    "tensorflow-gpu": "tensorflow",  # its page on PyPI
}
# Of these, which no compiler can help: the source distribution ends with an error, or needs an older Python.
_NOT_COMPILABLE = {"pil", "pycrypto", "sklearn", "tensorflow-gpu"}
# Other packages that functions often need.
_POPULAR = (
    "aiohttp", "beautifulsoup4", "catboost", "cryptography", "duckdb", "fastapi", "flask", "gensim", "httpx",
    "huggingface-hub", "jinja2", "joblib", "keras", "lightgbm", "lxml", "mangum", "matplotlib", "networkx", "nltk",
    "numba", "numpy", "onnxruntime", "opencv-python-headless", "openpyxl", "pandas", "plotly", "polars", "prophet",
    "psutil", "pyarrow", "pydantic", "pyjwt", "python-dateutil", "python-dotenv", "pyyaml", "redis", "requests",
    "safetensors", "scipy", "seaborn", "sentence-transformers", "shap", "spacy", "sqlalchemy", "statsmodels",
    "tensorflow", "tokenizers", "torch", "torchvision", "tqdm", "transformers", "ultralytics", "xgboost",
)  # fmt: skip


def can_be_compiled(package: str) -> bool:
    """Return whether a builder may compile a package without wheels."""
    return package not in _NOT_COMPILABLE


def nearest_package(name: str) -> str:
    """Return the well-known package that a name without a package probably means; empty for none.

    It is one that contains a module of this name, or one whose name is nearly the same.
    """
    package = canonicalize_name(name)
    known = list(dict.fromkeys([*_POPULAR, *TWINS.values(), *PACKAGES.values()]))
    if package in TWINS:
        return TWINS[package]
    holding = [each for each in known if contains_module(each, name)]
    near = [*holding, *get_close_matches(package, known, 1, _NEAR)]
    return next((each for each in near if each != package), "")


def contains_module(package: str, module: str) -> bool:
    """Return whether a package may contain a module, by their names."""
    name = module.lower().strip("_").replace("_", "-")
    usual = PACKAGES.get(name, name)
    parts = package.split("-")
    return (
        usual in (package, *parts)
        or package.startswith((f"{name}-", f"{usual}-"))
        or f"-{name}-" in f"-{package}-"
        or package.replace("-", "") in {form.replace("-", "") for form in (name, f"py{name}", f"{name}py")}
    )
