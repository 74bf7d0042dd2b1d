"""`make check`: lint, format, types, import law, made documents, cfn-lint on every stage.

Runs all of it, as many at once as there are cores. The tests of the templates are part of `make test`.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from local import kept, package, sam  # noqa: E402 - found only once the root is on the path
from local.failure import Failure  # noqa: E402 -- after the path is set

BIN = Path(sys.executable).parent
#: A stage that no setting names.
ANY_STAGE = "eu-staging-2"
# What app.py, which is a module and so out of import-linter's sight, may import of ours and of others.
DOORS_MAY_IMPORT = (
    "chalice",
    "chalicelib.web",
    "chalicelib.bootstrap",
    "chalicelib.handlers",
    "chalicelib.observability",
)


def tool(*command: str) -> Callable[[], str]:
    """A check that is a program of the environment: what it said where it failed, else nothing."""

    def run() -> str:
        words = [str(BIN / command[0]), *command[1:]]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
        return (done.stdout + done.stderr).strip() or "failed" if done.returncode else ""

    return run


def app_imports() -> str:
    """app.py imports nothing but Chalice, the parts for HTTP and the standard library."""
    tree = ast.parse((ROOT / "app.py").read_text(encoding="utf-8"))
    names = {n.name for node in ast.walk(tree) if isinstance(node, ast.Import) for n in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module = node.module or "."
            names |= {f"{module}.{n.name}" for n in node.names} if module == "chalicelib" else {module}
    bad = [name for name in sorted(names) if not _allowed(name)]
    return f"app.py may not import {', '.join(bad)}" if bad else ""


def _allowed(name: str) -> bool:
    if any(name == each or name.startswith(each + ".") for each in DOORS_MAY_IMPORT):
        return True
    return name.split(".", maxsplit=1)[0] in sys.stdlib_module_names


#: cfn-lint, all of its rules. I4010 asks for descriptions that are meant for language models.
CFN_LINT = (
    *("cfn-lint", "--regions", "us-east-1", "eu-central-1", "us-gov-west-1", "cn-north-1"),
    *("--include-experimental", "--include-checks", "I", "--ignore-checks", "I4010"),
)


def packages() -> list[package.Package]:
    """The package of each stage; made once, however many checks ask for it at the same time."""
    with _PACKAGING:
        return [package.build(stage) for stage in (*package.stages(), ANY_STAGE)]


_PACKAGING = Lock()


def templates() -> str:
    """cfn-lint on every template that is sent: each stage's own."""
    try:
        made = [str(each.template_file) for each in packages()]
    except Failure as failure:
        return str(failure)
    return tool(*CFN_LINT, "--", *made)()


def kept_templates() -> str:
    """cfn-lint on what is kept: as `make destroy` leaves it in its stack, and as one without a stack is taken
    over, with and without a key of one's own.
    """
    # What is reused keeps the parameters of its stage, so their values are known from then on.
    unused = ("W2001", "W7001", "W8001")
    try:
        with tempfile.TemporaryDirectory() as name:
            made = []
            for each in packages():
                left = Path(name) / f"{each.stage}-left.json"
                left.write_text(sam.text(kept.left(each.template())), encoding="utf-8")
                made.append(str(left))
                for key in ("true", "false"):
                    out = Path(name) / each.stage / key
                    package.write(each.stage, out, with_kept=True, given_as=f"CustomerKey={key}")
                    made.append(str(out / "import-template.json"))
            return tool(*CFN_LINT, *unused, "--", *made)()
    except Failure as failure:
        return str(failure)


#: Those that take longest come first, so that none of them is waited for alone at the end.
CHECKS: list[tuple[str, Callable[[], str]]] = [
    ("mypy", tool("mypy")),
    ("cfn-lint", templates),
    ("cfn-lint, kept data", kept_templates),
    ("docs/openapi.json", tool("python", "-m", "docs.generate.openapi", "--check")),
    ("docs/ERRORS.md", tool("python", "-m", "docs.generate.errors", "--check")),
    ("docs/REFERENCE.md", tool("python", "-m", "docs.generate.reference", "--check")),
    ("links of the site", tool("python", "-m", "docs.site", "--check")),
    ("states in docs/ARCHITECTURE.md", tool("python", "-m", "docs.generate.states", "--check")),
    ("infra/alarms.json", tool("python", "-m", "infra.alarms", "--check")),
    ("import law", tool("lint-imports", "--no-logo")),
    ("import law of app.py", app_imports),
    ("ruff check", tool("ruff", "check", ".")),
    ("ruff format", tool("ruff", "format", "--check", ".")),
]


def timed(check: Callable[[], str]) -> tuple[str, float]:
    """What is wrong, empty where nothing is, and the seconds that it took."""
    began = time.monotonic()
    return check(), time.monotonic() - began


def main() -> int:
    """Runs every check; 1 where one failed."""
    failed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        running = [(name, pool.submit(timed, check)) for name, check in CHECKS]
        for name, ended in running:
            problem, seconds = ended.result()
            failed += bool(problem)
            sys.stdout.write(f"{'FAILED' if problem else 'ok':<7}{name} ({seconds:.1f} s)\n")
            if problem:
                sys.stdout.write("\n".join("    " + text for text in problem.splitlines()) + "\n")
            sys.stdout.flush()
    sys.stdout.write(f"check: {len(CHECKS) - failed} ok, {failed} failed\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
