"""As much Deluge as zoho/*.dg is written in, and no more: whatever is not known here is refused.

It reads the files as they are pasted into Zoho and compiles them to closures. What the language does is taken
from Zoho's pages; Zoho's own interpreter was never at hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tests.zoho_kit import builtins
from tests.zoho_kit.builtins import Refused, World

_TOKEN = re.compile(
    r"\s+|//[^\n]*|(?P<text>\"(?:[^\"\\\n]|\\.)*\")|(?P<number>[0-9]+)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign>==|!=|<=|>=|&&|\|\||[-+<>=!(){}\[\],.;:])"
)
_ESCAPES = {'\\"': '"', "\\\\": "\\", "\\n": "\n"}
_KEYWORDS = {
    "if",
    "else",
    "for",
    "each",
    "in",
    "try",
    "catch",
    "return",
    "info",
    "invokeurl",
    "void",
    "string",
}
_INVOKE = {"url", "type", "headers", "parameters", "connection", "detailed"}


@dataclass
class Run:
    """One call of a function: its variables, and the world outside."""

    world: World
    names: dict[str, Any] = field(default_factory=dict)


class Returned(Exception):
    """`return` was reached."""


Code = Callable[[Run], Any]
#: Under which name a function's variables have what it returned.
RETURNED = "(returned)"


@dataclass(frozen=True)
class Function:
    """A function that was read: call it with its arguments in order."""

    name: str
    arguments: tuple[str, ...]
    body: Code

    def __call__(self, world: World, *given: Any) -> dict[str, Any]:
        """Runs it; returns its variables at the end."""
        run = Run(world, dict(zip(self.arguments, given, strict=True)))
        with suppress(Returned):
            self.body(run)
        return run.names


def read(text: str) -> Function:
    """The one function of a file. Raises Refused for anything that is not known here."""
    return _Reader(_tokens(text)).function()


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise Refused(f"cannot read {text[at : at + 20]!r}")
        if match.lastgroup:
            found.append((match.lastgroup, match.group()))
        at = match.end()
    return found


def _unescaped(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        if match.group() not in _ESCAPES:
            raise Refused(f"escape {match.group()!r}")
        return _ESCAPES[match.group()]

    return re.sub(r"\\.", one, text[1:-1])


class _Reader:
    """Recursive descent; every method leaves the place behind what it has read."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens, self.at, self.asking, self.returns = tokens, 0, False, False

    def peek(self, ahead: int = 0) -> str:
        return self.tokens[self.at + ahead][1] if self.at + ahead < len(self.tokens) else ""

    def take(self, *wanted: str) -> None:
        for each in wanted:
            if self.peek() != each:
                raise Refused(f"expected {each!r}, not {self.peek()!r}")
            self.at += 1

    def maybe(self, wanted: str) -> bool:
        found = self.peek() == wanted
        self.at += found
        return found

    def name(self) -> str:
        kind, value = self.tokens[self.at]
        if kind != "name" or value in _KEYWORDS:
            raise Refused(f"{value!r} is not a name")
        self.at += 1
        return value

    def function(self) -> Function:
        self.returns = self.maybe("string")
        if not self.returns:
            self.take("void")
        name = self.name()
        self.take(".")
        name += "." + self.name()
        self.take("(")
        arguments: list[str] = []
        while not self.maybe(")"):
            if arguments:
                self.take(",")
            self.take("String")
            arguments.append(self.name())
        body = self.block()
        if self.at != len(self.tokens):
            raise Refused(f"{self.peek()!r} after the function")
        return Function(name, tuple(arguments), body)

    # --- statements ------------------------------------------------------------------------------

    def block(self) -> Code:
        self.take("{")
        steps: list[Code] = []
        while not self.maybe("}"):
            steps.append(self.statement())

        def run(state: Run) -> None:
            for step in steps:
                step(state)

        return run

    def statement(self) -> Code:
        known = {"if": self.choice, "for": self.loop, "try": self.attempt, "info": self.said}
        if self.peek() in known:
            return known[self.peek()]()
        if self.maybe("return"):
            return self.end()
        if self.peek(1) == "=":
            return self.assignment()
        call = self.expression()
        self.take(";")
        return call

    def end(self) -> Code:
        """What stands behind `return`: a value where the function has one."""
        value = self.expression() if self.returns else None
        self.take(";")

        def run(state: Run) -> None:
            if value is not None:
                state.names[RETURNED] = value(state)
            raise Returned

        return run

    def assignment(self) -> Code:
        name = self.name()
        self.take("=")
        value = self.invoke() if self.peek() == "invokeurl" else self.expression()
        self.take(";")

        def run(state: Run) -> None:
            state.names[name] = value(state)

        return run

    def said(self) -> Code:
        self.take("info")
        value = self.expression()
        self.take(";")
        return lambda state: state.world.said.append(value(state))

    def choice(self) -> Code:
        self.take("if", "(")
        self.asking = True
        asked = self.expression()
        self.asking = False
        self.take(")")
        then, other = self.block(), None
        if self.maybe("else"):
            other = self.choice() if self.peek() == "if" else self.block()

        def run(state: Run) -> None:
            if builtins.truth(asked(state)):
                then(state)
            elif other:
                other(state)

        return run

    def loop(self) -> Code:
        self.take("for", "each")
        name = self.name()
        self.take("in")
        values, body = self.expression(), self.block()

        def run(state: Run) -> None:
            for value in builtins.a_list(values(state)):
                state.names[name] = value
                body(state)

        return run

    def attempt(self) -> Code:
        self.take("try")
        tried = self.block()
        self.take("catch", "(")
        name = self.name()
        self.take(")")
        caught = self.block()

        def run(state: Run) -> None:
            try:
                tried(state)
            except builtins.NoAnswer as problem:
                state.names[name] = str(problem)
                caught(state)

        return run

    def invoke(self) -> Code:
        self.take("invokeurl", "[")
        given: dict[str, Code] = {}
        while not self.maybe("]"):
            key = self.name()
            if key not in _INVOKE or key in given:
                raise Refused(f"invokeurl: {key!r}")
            self.take(":")
            given[key] = self.constant() if key == "type" else self.expression()
        return lambda state: builtins.invoke(state.world, {key: code(state) for key, code in given.items()})

    def constant(self) -> Code:
        value = self.name()
        return lambda _: value

    # --- expressions -----------------------------------------------------------------------------

    def expression(self, level: int = 0) -> Code:
        if level == len(builtins.LEVELS):
            return self.unary()
        left = self.expression(level + 1)
        while self.peek() in builtins.LEVELS[level]:
            sign = self.compared(self.peek())
            self.at += 1
            left = _both(sign, left, self.expression(level + 1))
        return left

    def compared(self, sign: str) -> str:
        """Comparisons stand in `if` only, as in all of Zoho's examples."""
        if sign != "+" and not self.asking:
            raise Refused(f"{sign!r} outside of if")
        return sign

    def unary(self) -> Code:
        if self.maybe("!"):
            self.compared("!")
            value = self.unary()
            return lambda state: not builtins.truth(value(state))
        found = self.primary()
        while self.maybe("."):
            found = _method(found, self.name(), self.arguments())
        return found

    def arguments(self, end: str = ")") -> list[Code]:
        self.take("(" if end == ")" else "{")
        found: list[Code] = []
        while not self.maybe(end):
            if found:
                self.take(",")
            found.append(self.expression())
        return found

    def primary(self) -> Code:
        kind, value = self.tokens[self.at]
        if kind in ("text", "number"):
            self.at += 1
            fixed: Any = _unescaped(value) if kind == "text" else int(value)
            return lambda _: fixed
        if value == "{":
            items = self.arguments("}")
            return lambda state: [item(state) for item in items]
        return self.named()

    def named(self) -> Code:
        name = self.name()
        while name.startswith("zoho") and name not in builtins.VALUES and self.peek(1) and self.peek() == ".":
            self.at += 1
            name += "." + self.name()
        if name in builtins.CONSTANTS:
            return lambda _: builtins.CONSTANTS[name]
        if name in builtins.VALUES:
            return lambda state: builtins.VALUES[name](state.world)
        if self.peek() == "(":
            return _call(name, self.arguments())
        return lambda state: builtins.variable(state.names, name)


def _both(sign: str, left: Code, right: Code) -> Code:
    if sign in ("&&", "||"):  # the right side is looked at only where it matters
        stop = sign == "||"
        return lambda state: stop if builtins.truth(left(state)) is stop else builtins.truth(right(state))
    return lambda state: builtins.operate(sign, left(state), right(state))


def _call(name: str, arguments: list[Code]) -> Code:
    if name not in builtins.FUNCTIONS:
        raise Refused(f"function {name!r}")
    return lambda state: builtins.FUNCTIONS[name](state.world, *(each(state) for each in arguments))


def _method(value: Code, name: str, arguments: list[Code]) -> Code:
    if name not in builtins.METHODS:
        raise Refused(f"method {name!r}")
    return lambda state: builtins.METHODS[name](value(state), *(each(state) for each in arguments))
