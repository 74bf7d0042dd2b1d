"""Run by itself: puts the bytecode of every module of a Lambda package beside its source.

A function cannot write into its package, so without it every cold start compiles what it imports anew: about
a third of the api's. The bytecode is of the Python that runs this, which is the one that the package is made
for; another Python passes it by and compiles the source. Arguments: the zip to read, the zip to write. With
PYTHONHASHSEED=0 two runs give the same bytes.
"""

import importlib.util
import marshal
import sys
import zipfile

#: How a file of bytecode begins that goes by its source's hash and is not checked (PEP 552).
UNCHECKED = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little")
#: What no function loads, or only one whose time does not matter: bytecode of it would only make the package
#: larger. Numbers are read by a worker, a few countries' plans at a time.
NOT_LOADED = (
    "aws_lambda_powertools/utilities/",
    "aws_lambda_powertools/metrics/provider/datadog/",
    "cronsim/explain.py",
    "idna/uts46data.py",
    "phonenumbers/",
    "urllib3/contrib/pyopenssl.py",
    "urllib3/http2/connection.py",
)
LOADED = ("aws_lambda_powertools/utilities/__init__.py", "aws_lambda_powertools/utilities/jmespath_utils/")
#: What every entry is dated, so that the same sources give the same zip.
DATED = (1980, 1, 1, 0, 0, 0)
#: As archive.LEVEL, which this script, run by itself, cannot import.
LEVEL = 6


def main(source: str, target: str) -> None:
    """Copies the entries of `source` and adds the bytecode, which is trusted as it is, without a look at the
    source's date or hash.
    """
    with zipfile.ZipFile(source) as given, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for entry in given.infolist():
            data = given.read(entry)
            made.writestr(entry, data, compress_type=zipfile.ZIP_DEFLATED, compresslevel=LEVEL)
            if _is_loaded(entry.filename):
                code = compile(data, entry.filename, "exec", dont_inherit=True)
                compiled = UNCHECKED + importlib.util.source_hash(data) + marshal.dumps(code)
                name = importlib.util.cache_from_source(entry.filename)
                made.writestr(_entry(name), compiled, compresslevel=LEVEL)


def _is_loaded(name: str) -> bool:
    return name.endswith(".py") and (name.startswith(LOADED) or not name.startswith(NOT_LOADED))


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, DATED)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry


if __name__ == "__main__":
    main(*sys.argv[1:])
