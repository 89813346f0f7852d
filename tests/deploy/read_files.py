"""Reads files by the packages that know them; run by the interpreter that has those.

reader.py yaml FILE              the documents of a YAML file
reader.py dockerfile FILE        its steps, as Docker's own parser has them
reader.py context FOLDER         the files of a folder that its .dockerignore leaves
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def yaml(path: str) -> list[Any]:
    import yaml

    return list(yaml.safe_load_all(Path(path).read_text("utf-8")))


def dockerfile(path: str) -> list[dict[str, Any]]:
    import dockerfile

    return [
        {"name": step.cmd, "flags": step.flags, "values": step.value, "exec": step.json}
        for step in dockerfile.parse_file(path)
    ]


def context(folder: str) -> list[str]:
    from docker.utils import exclude_paths

    lines = (Path(folder) / ".dockerignore").read_text("utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    kept = exclude_paths(folder, patterns)
    return sorted(path for path in kept if (Path(folder) / path).is_file())


if __name__ == "__main__":
    kinds = {"yaml": yaml, "dockerfile": dockerfile, "context": context}
    print(json.dumps(kinds[sys.argv[1]](sys.argv[2])))
