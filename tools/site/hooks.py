"""MkDocs calls these functions: they add the generated pages, and let links to other files work on the site."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))  # MkDocs loads this file by its path

from tools.site import reference  # noqa: E402

# Files of the repository that are pages of the site.
COPIES = {
    "index.md": "README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
    "reporting.md": "SECURITY.md",
}
GENERATED = {
    "reference/commands.md": reference.commands,
    "reference/checks.md": reference.checks,
    "reference/common.md": reference.common,
}
_LINK = re.compile(r"(\]\()([^)#:\s]+)(#[^)\s]*)?(\))")


def on_config(config: Any) -> Any:
    """List all decisions, and the page for authors if there is one."""
    decisions = sorted(path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs/decisions").glob("*.md"))
    for entry in config.nav:
        if "Decisions" in entry:
            entry["Decisions"] = decisions
        if "Authors" in entry and (ROOT / "docs/authors.md").exists() and "authors.md" not in entry["Authors"]:
            entry["Authors"].insert(0, "authors.md")
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the generated pages."""
    for target, source in COPIES.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, target, content=adapt_links(text, source, target)))
    for target, make in GENERATED.items():
        files.append(File.generated(config, target, content=make()))
    return files


def on_page_markdown(markdown: str, page: Any, **rest: Any) -> str:
    """Let links from pages of docs/ to files of the repository lead to their pages."""
    if page.file.src_uri in COPIES or page.file.src_uri in GENERATED:
        return markdown
    return adapt_links(markdown, f"docs/{page.file.src_uri}", page.file.src_uri)


def on_post_page(output: str, page: Any, **rest: Any) -> str:
    """Replace the script that the theme would load from elsewhere for a search without a server by our own."""
    return _SHIM.sub(f'<script src="{"../" * page.url.count("/")}offline-search.js">', output)


def on_post_template(output_content: str, template_name: str, **rest: Any) -> str:
    """Do the same for pages that are no documents, such as 404.html."""
    return _SHIM.sub('<script src="offline-search.js">', output_content)


def adapt_links(text: str, source: str, target: str) -> str:
    """Return the text of a file of the repository with links that are right for a page of the site.

    Links to files that are no pages become plain text. ``source`` and ``target`` are paths of the file and the page.
    """

    def replace(found: re.Match[str]) -> str:
        before, link, anchor, after = found[1], found[2], found[3] or "", found[4]
        path = (ROOT / source).parent.joinpath(link).resolve()
        if not path.exists():
            return found[0]  # MkDocs reports it
        name = path.relative_to(ROOT).as_posix()
        pages = {origin: page for page, origin in COPIES.items()}
        page = pages.get(name) or name.removeprefix("docs/") if name in pages or name.startswith("docs/") else ""
        if page == "decisions":
            page = "decisions/0001-one-session-many-submissions.md"
        if not page:
            return f"{before}{NOWHERE}{after}"
        up = "../" * target.count("/")
        return f"{before}{up}{page}{anchor}{after}"

    return _UNLINKED.sub(r"`\1`", _LINK.sub(replace, text))


_SHIM = re.compile(r'<script src="https://[^"]*iframe-worker[^"]*">')
NOWHERE = "file-of-the-repository"
_UNLINKED = re.compile(rf"\[`?([^\]`]+)`?\]\({NOWHERE}\)")
