#!/usr/bin/env python3
"""Checks that links between the Markdown files of the tree lead somewhere, sections included: check_links.py SOURCE_ROOT.

Sections are named as GitHub names them: headings in lower case, punctuation left out, spaces as hyphens. Links to the web are not followed,
nor those of files that others are made from (*.in.md, *.template.md).
"""
import pathlib, re, sys

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"#+ +(.*)")


def lines_of(path):
    """Lines with their numbers, fenced blocks left out."""
    fenced = False
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced:
            yield number, line


def sections(path):
    seen = {}
    for _, line in lines_of(path):
        match = HEADING.match(line)
        if match:
            text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", match.group(1))
            name = re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")
            seen[name] = seen.get(name, -1) + 1
            yield name if seen[name] == 0 else f"{name}-{seen[name]}"


def mistakes_of(path, root):
    for number, line in lines_of(path):
        for target in LINK.findall(re.sub(r"`[^`]*`", "", line)):
            if re.match(r"[a-z]+:", target):
                continue
            file, _, section = target.partition("#")
            to = path if not file else (path.parent / file).resolve()
            if not to.exists():
                yield f"{path.relative_to(root)}:{number}: no file '{file}'"
            elif section and to.suffix == ".md" and section not in set(sections(to)):
                yield f"{path.relative_to(root)}:{number}: no section '{section}' in {to.relative_to(root)}"


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    skip = re.compile(r"(build|shared|\.).*|.*\.(in|template)\.md")
    files = [f for f in sorted(root.rglob("*.md")) if not skip.fullmatch(str(f.relative_to(root)))]
    mistakes = [m for f in files for m in mistakes_of(f, root)]
    print("\n".join(mistakes) if mistakes else f"{len(files)} files, every link leads somewhere")
    return 1 if mistakes or not files else 0


if __name__ == "__main__":
    sys.exit(main())
