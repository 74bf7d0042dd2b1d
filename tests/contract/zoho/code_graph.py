"""Which codes the simulator can send, read from its source: by what a function names, and what it reaches.

A code is a word in capitals. A function reaches another one, or a constant of a module, by naming it; a
method of its own module by the method's name alone, so too much rather than too little is found.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_CODE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")


@dataclass
class Graph:
    """`nodes`: by (module, name). `imported`: local name -> (module, name), "" for a whole module."""

    nodes: dict[tuple[str, str], list[ast.AST]] = field(default_factory=dict)
    methods: dict[tuple[str, str], list[tuple[str, str]]] = field(default_factory=dict)
    imported: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def codes(self, module: str, name: str, *, into: str | None = None, without: str = "") -> set[str]:
        """Every code that `name` of `module` can send; `into`: followed into this module only; `without`: not
        into what bears this name.

        Raises KeyError where there is no such thing.
        """
        found: set[str] = set()
        seen: set[tuple[str, str]] = set()
        left = [(module, name)]
        while left:
            where = left.pop()
            if where in seen:
                continue
            seen.add(where)
            for node in self.nodes[where]:
                found |= set(_codes(node))
                left += [
                    one
                    for one in self._reached(where[0], node)
                    if into in (None, one[0]) and one[1] != without
                ]
        return found

    def _reached(self, module: str, node: ast.AST) -> Iterator[tuple[str, str]]:
        for each in ast.walk(node):
            if isinstance(each, ast.Name):
                target = self.imported.get((module, each.id), (module, each.id))
                if target in self.nodes:
                    yield target
            elif isinstance(each, ast.Attribute):
                owner = (
                    self.imported.get((module, each.value.id)) if isinstance(each.value, ast.Name) else None
                )
                if owner is not None and owner[1] == "":
                    if (owner[0], each.attr) in self.nodes:
                        yield owner[0], each.attr
                else:
                    yield from self.methods.get((module, each.attr), ())


def _codes(node: ast.AST) -> Iterator[str]:
    """Words in capitals, and whatever stands as the "error" of an answer of the accounts server."""
    for each in ast.walk(node):
        if isinstance(each, ast.Dict):
            for key, value in zip(each.keys, each.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "error" and isinstance(value, ast.Constant):
                    yield str(value.value)
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and _CODE.fullmatch(each.value):
            yield each.value


def graph_of(sources: dict[str, str]) -> Graph:
    """The graph of these modules (name -> source) of the package `simulator`."""
    graph = Graph()
    for module, source in sources.items():
        for node in ast.parse(source).body:
            _add(graph, module, node)
    return graph


def _add(graph: Graph, module: str, node: ast.stmt) -> None:
    if isinstance(node, ast.FunctionDef):
        graph.nodes.setdefault((module, node.name), []).append(node)
    elif isinstance(node, ast.ClassDef):
        _add_methods(graph, module, node)
    elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            graph.nodes.setdefault((module, ast.unparse(target)), []).append(node.value)
    elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "simulator":
        _add_imports(graph, module, node)


def _add_methods(graph: Graph, module: str, node: ast.ClassDef) -> None:
    for each in node.body:
        if isinstance(each, ast.FunctionDef):
            where = (module, f"{node.name}.{each.name}")
            graph.nodes[where] = [each]
            graph.methods.setdefault((module, each.name), []).append(where)


def _add_imports(graph: Graph, module: str, node: ast.ImportFrom) -> None:
    for alias in node.names:
        whole = node.module == "simulator"
        source = alias.name if whole else str(node.module).removeprefix("simulator.")
        graph.imported[module, alias.asname or alias.name] = (source, "" if whole else alias.name)


def simulator_graph() -> Graph:
    """The graph of the simulator as it is."""
    root = Path(__file__).parents[3] / "simulator"
    return graph_of({path.stem: path.read_text(encoding="utf-8") for path in root.glob("*.py")})
