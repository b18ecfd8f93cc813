"""Writes the mutants of modules as JSON: run by the Python that has Cosmic Ray, which the package's own has not.

A mutant is a module with one change. What no test can tell from the module itself is left out: annotations of
functions, and decorators, which are caches here.
"""

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import parso
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.ast.ast_query import ASTQuery
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator, operator_names


class OmitFromTuple(Operator):
    """Say 0 for a member of a tuple: a key that decides ties by one thing less."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        if node.type in {"testlist_comp", "testlist", "testlist_star_expr"} and _is_value(node):
            for member in node.children[::2]:
                yield member.start_pos, member.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        node.children[2 * index] = parso.parse(" 0").children[0]
        return node

    @classmethod
    def examples(cls) -> tuple[()]:
        return ()


def _is_value(node: Any) -> bool:
    """Tell whether a list of expressions is a tuple that is made, not a target and no comprehension."""
    if any(child.type in {"comp_for", "sync_comp_for"} for child in node.children):
        return False
    parent = node.parent
    if node.type == "testlist_comp":
        return bool(parent.type == "atom" and parent.children[0].value == "(")
    return bool(
        parent.type in {"return_stmt", "lambdef"} or (parent.type == "expr_stmt" and parent.children[-1] is node)
    )


class _Word(Operator):
    """Replaces a word by another."""

    word = other = ""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        if node.type in {"name", "keyword"} and node.value == self.word and self.fits(node):
            yield node.start_pos, node.end_pos

    def fits(self, node: Any) -> bool:
        return bool(node.get_next_leaf().value == "(")

    def mutate(self, node: Any, index: int) -> Any:  # noqa: ARG002 - The interface's.
        node.value = self.other
        return node

    @classmethod
    def examples(cls) -> tuple[()]:
        return ()


class MinBecomesMax(_Word):
    word, other = "min", "max"


class MaxBecomesMin(_Word):
    word, other = "max", "min"


class InBecomesNotIn(_Word):
    word, other = "in", "not in"

    def fits(self, node: Any) -> bool:
        return bool(node.parent.type == "comparison")


class NotInBecomesIn(Operator):
    """Replaces `not in`."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        if node.type == "comp_op" and node.get_code().split() == ["not", "in"]:
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:  # noqa: ARG002 - The interface's.
        return parso.parse(" in").children[0]

    @classmethod
    def examples(cls) -> tuple[()]:
        return ()


class NegateCondition(Operator):
    """Negates the condition of a comprehension."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        if node.type == "comp_if":
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:  # noqa: ARG002 - The interface's.
        node.children[1] = parso.parse(f" (not ({node.children[1].get_code().strip()}))").children[0]
        return node

    @classmethod
    def examples(cls) -> tuple[()]:
        return ()


_OWN = (OmitFromTuple, MinBecomesMax, MaxBecomesMin, InBecomesNotIn, NotInBecomesIn, NegateCondition)


def _plain(arguments: ast.arguments) -> ast.arguments:
    """Give arguments without the marks that say how they are to be given, which every call keeps to."""
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    defaults = [*arguments.defaults, *(value for value in arguments.kw_defaults if value is not None)]
    return ast.arguments([], named, arguments.vararg, [], [], arguments.kwarg, defaults)


_OF_MEMORY = {"frozen", "gc", "kw_only"}
"""What a Struct says of its memory and of how it is made, which no result depends on."""


def operators(excluded: list[str]) -> Iterator[tuple[str, Any]]:
    """Give Cosmic Ray's operators that need no arguments and that no pattern excludes, then those it has not."""
    for name in operator_names():
        kind = get_operator(name)
        if not kind.arguments() and not any(re.search(pattern, name) for pattern in excluded):
            yield name.partition("/")[2], kind()
    yield from ((kind.__name__, kind()) for kind in _OWN)


def mutants(path: Path, excluded: list[str]) -> Iterator[dict[str, Any]]:
    """Give the mutants of a module: where, what line becomes what, and the whole text."""
    text = path.read_text("utf-8")
    plain = behaviour(text)
    before = text.splitlines()
    for name, operator in operators(excluded):
        places = [(node, *place) for node in ast_nodes(get_ast(text)) for place in operator.mutation_positions(node)]
        for occurrence, (node, start, _) in enumerate(places):
            mutated = mutate_code(text, operator, occurrence)
            if mutated is None or behaviour(mutated) == plain:
                continue
            after = mutated.splitlines()
            statement = _statement(node)
            changed = [number for number, line in enumerate(before) if number >= len(after) or after[number] != line]
            yield {
                "module": path.stem,
                "within": ASTQuery(node).get_definition_name() or "",
                "first": min(start[0], statement.start_pos[0]),
                "last": statement.end_pos[0],
                "operator": name,
                "line": before[changed[0]].strip(),
                "becomes": after[changed[0]].strip(),
                "text": mutated,
            }


def _statement(node: Any) -> Any:
    """Give the statement that a node is in, or of a compound one the part before its body."""
    while node.parent is not None and node.parent.type not in _AROUND:
        node = node.parent
    return node


_AROUND = {"simple_stmt", "suite", "file_input", "funcdef", "classdef", "if_stmt", "while_stmt", "for_stmt", "try_stmt"}


def behaviour(text: str) -> str | None:
    """Give what a module does, as text; None where it is no module at all."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
            node.decorator_list = []
            node.args = _plain(node.args)
        elif isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.ClassDef):
            node.keywords = [keyword for keyword in node.keywords if keyword.arg not in _OF_MEMORY]
        elif isinstance(node, ast.AnnAssign) and not isinstance(node.target, ast.Attribute) and node.value is not None:
            # A field's annotation is what is decoded, a variable's is for the reader.
            node.annotation = node.annotation if _in_class(tree, node) else ast.Constant(None)
    return ast.dump(tree)


def _in_class(tree: ast.Module, node: ast.AST) -> bool:
    return any(isinstance(found, ast.ClassDef) and node in found.body for found in ast.walk(tree))


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    found = [mutant for path in asked["paths"] for mutant in mutants(Path(path), asked["excluded"])]
    json.dump(found, sys.stdout)
