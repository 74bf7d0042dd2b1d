"""`make docs`: the documents as a site, from the same files, with every link checked.

python -m docs.site            builds .build/site
python -m docs.site --check    the same, and says nothing where all is well
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / ".build" / "pages"
SITE = ROOT / ".build" / "site"
MKDOCS = ROOT / ".venvs" / "site" / "bin" / "mkdocs"
#: What is gathered; of a folder every page in it.
SOURCES = (
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "docs",
    "zoho",
    "examples",
    "simulator",
)
_LINK = re.compile(r"(\]\()([^)\s#]+)(#[^)\s]*)?(\))")


def documents() -> Iterator[Path]:
    """Every page of the site, from the root."""
    for name in SOURCES:
        place = ROOT / name
        found = [place] if place.is_file() else sorted(place.rglob("*.md"))
        yield from (page.relative_to(ROOT) for page in found if "node_modules" not in page.parts)


def gather() -> None:
    """Copy the pages, and whatever they link to, into PAGES. A link to a folder becomes one to its page."""
    shutil.rmtree(PAGES, ignore_errors=True)
    for page in documents():
        text = _LINK.sub(partial(_link, page.parent), (ROOT / page).read_text(encoding="utf-8"))
        target = PAGES / page
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def _link(folder: Path, found: re.Match[str]) -> str:
    before, link, anchor, after = found.group(1), found.group(2), found.group(3) or "", found.group(4)
    if re.match(r"[a-z]+:", link):
        return found.group(0)
    place = (ROOT / folder / unquote(link)).resolve()
    if place.is_dir():
        page = f"{before}{link.rstrip('/')}/README.md{anchor}{after}"
        return page if (place / "README.md").is_file() else found.group(0)
    if place.is_file() and place.suffix != ".md":
        copy = PAGES / place.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(place, copy)
    return found.group(0)


def main(argv: list[str]) -> int:
    """Builds the site; the exit code is mkdocs' own. A link that leads nowhere fails it."""
    if not MKDOCS.exists():
        print("docs: the environment is missing: make .venvs/site/.ready", file=sys.stderr)
        return 1
    gather()
    # Not the program itself: it names the folder in which the environment was made.
    words = [
        str(MKDOCS.with_name("python")),
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--config-file",
        str(ROOT / "mkdocs.yml"),
    ]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    # Not --quiet: what it does not tell, --strict does not count either.
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stdout + done.stderr, file=sys.stderr)
    if done.returncode == 0 and "--check" not in argv:
        print(f"docs: {sum(1 for _ in SITE.rglob('*.html'))} pages: {SITE.relative_to(ROOT)}/index.html")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
