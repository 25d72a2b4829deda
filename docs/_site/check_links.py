"""Checks that every link and picture of the built site leads to a file and an anchor of it.

python docs/_site/check_links.py build/docs/html

Sphinx checks what it resolves itself; here also frames, and pages that it did not write, are read.
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# Where search results are shown; it is filled in by a script.
MADE_BY_SCRIPTS = {"#searchbox"}


class Page(HTMLParser):
    """Collects the links and the anchors of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.anchors = {""}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where a tag leads to, and what it is called."""
        for name, value in attrs:
            if name in {"id", "name"} and value:
                self.anchors.add(value)
            elif name in {"href", "src"} and value and tag != "use":
                self.links.add(value)


def broken_links(site: Path) -> list[str]:
    """Return "page: link" for every link into the site that leads nowhere, sorted."""
    pages = {path: Page(path.read_text("utf-8")) for path in site.rglob("*.html")}
    broken = []
    for path, page in pages.items():
        for link in page.links - MADE_BY_SCRIPTS:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = path if not parts.path else (path.parent / unquote(parts.path)).resolve()
            known = target in pages and unquote(parts.fragment) in pages[target].anchors
            if not (known or (target not in pages and target.is_file())):
                broken.append(f"{path.relative_to(site)}: {link}")
    return sorted(broken)


def main() -> int:
    """Print what is broken; the exit code is 1 if anything is."""
    found = broken_links(Path(sys.argv[1]).resolve())
    for line in found:
        print(f"broken link in {line}", file=sys.stderr)
    return int(bool(found))


if __name__ == "__main__":
    raise SystemExit(main())
