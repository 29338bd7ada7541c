"""Carries a plan out: the new text of a script, with everything that is not planned for as it was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import libcst as cst

from .survey import SUBJECTS, Survey, imported_names

__all__ = ["rewrite"]

Block = TypeVar("Block", cst.Module, cst.IndentedBlock)
#: Lines that are longer are broken.
WIDTH = 120


def rewrite(found: Survey) -> bytes:
    """Return the script as planned."""
    return found.module.visit(_Rewrite(found)).bytes


class _Rewrite(cst.CSTTransformer):
    def __init__(self, found: Survey) -> None:
        super().__init__()
        self._found = found
        self._config = found.module.config_for_parsing

    def on_leave(self, original_node: cst.CSTNodeT, updated_node: cst.CSTNodeT) -> object:  # type: ignore[override]
        expression = self._found.expressions.get(original_node)
        if expression is not None:
            made = cst.parse_expression(expression(_bare(updated_node), self._code), self._config)
            if not _parens(updated_node, "lpar"):
                return made
            # They may hold lines together.
            return made.with_changes(lpar=_parens(updated_node, "lpar"), rpar=_parens(updated_node, "rpar"))
        return super().on_leave(original_node, updated_node)

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:
        name = self._found.keywords.get(original_node)
        if name is None:
            return updated_node
        nothing = cst.SimpleWhitespace("")
        equal = cst.AssignEqual(nothing, nothing) if updated_node.keyword is None else updated_node.equal
        return updated_node.with_changes(keyword=cst.Name(name), equal=equal)

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.Attribute:
        name = self._found.attributes.get(original_node)
        return updated_node if name is None else updated_node.with_changes(attr=cst.Name(name))

    def leave_Module(self, original_node: cst.Module, updated_node: cst.Module) -> cst.Module:
        body, rest = self._body(original_node.body, updated_node.body)
        footer = [*rest, *updated_node.footer]
        if body and isinstance(body[0], cst.SimpleStatementLine | cst.BaseCompoundStatement):
            # What is in front of the first statement is the header of the module.
            lines = body[0].leading_lines
            if original_node.body and lines and body[0] is not updated_node.body[0]:
                body[0] = body[0].with_changes(leading_lines=())
                return updated_node.with_changes(header=[*updated_node.header, *lines], body=body, footer=footer)
        return updated_node.with_changes(body=body, footer=footer)

    def leave_IndentedBlock(
        self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock
    ) -> cst.IndentedBlock:
        body, rest = self._body(original_node.body, updated_node.body)
        if not body:
            body = [cst.parse_statement("pass\n", self._config)]
        return updated_node.with_changes(body=body, footer=[*rest, *updated_node.footer])

    def _body(
        self, before: Sequence[cst.BaseStatement], after: Sequence[cst.BaseStatement]
    ) -> tuple[list[cst.BaseStatement], list[cst.EmptyLine]]:
        """Return statements with those that were planned, and comments that have no statement any more."""
        body: list[cst.BaseStatement] = []
        orphans: list[cst.EmptyLine] = []
        for original, updated in zip(before, after, strict=True):
            if isinstance(original, cst.SimpleStatementLine) and isinstance(updated, cst.SimpleStatementLine):
                if original in self._found.statements:
                    texts = self._found.statements[original](updated, self._code)
                elif original in self._found.imports:
                    self._replace_imports(original, updated, body, orphans)
                    continue
                else:
                    texts = None
                if texts is not None:
                    new = [cst.parse_statement(text, self._config) for text in texts]
                    orphans.extend(_lost(original, "\n".join(texts)))
                    self._put(new, updated, body, orphans)
                    continue
            if orphans:
                updated = updated.with_changes(leading_lines=[*orphans, *getattr(updated, "leading_lines", ())])
                orphans = []
            body.append(updated)
        return body, orphans

    def _put(
        self,
        new: Sequence[cst.BaseStatement],
        updated: cst.SimpleStatementLine,
        body: list[cst.BaseStatement],
        orphans: list[cst.EmptyLine],
    ) -> None:
        """Put statements in the place of one; keep its comments, with the next one if there is none."""
        lines = [*orphans, *updated.leading_lines]
        orphans.clear()
        if not new:
            trailing = updated.trailing_whitespace.comment
            orphans.extend(lines)
            if trailing is not None:
                orphans.append(cst.EmptyLine(comment=trailing))
            return
        first = new[0].with_changes(leading_lines=lines)
        statements = [first, *new[1:]]
        last = statements[-1]
        statements[-1] = last.with_changes(trailing_whitespace=updated.trailing_whitespace)
        body.extend(statements)

    def _replace_imports(
        self,
        original: cst.SimpleStatementLine,
        updated: cst.SimpleStatementLine,
        body: list[cst.BaseStatement],
        orphans: list[cst.EmptyLine],
    ) -> None:
        """Put our imports in the place of the vendor's first one; take the others away."""
        texts = self._imports() if original is self._found.imports[0] else []
        kept = [small for entry in updated.body if (small := _without_vendor(entry)) is not None]
        new: list[cst.BaseStatement] = [cst.parse_statement(text, self._config) for text in texts]
        if kept:
            kept[-1] = kept[-1].with_changes(semicolon=cst.MaybeSentinel.DEFAULT)
            stays = updated.with_changes(body=kept)
            updated = updated.with_changes(leading_lines=(), trailing_whitespace=cst.TrailingWhitespace())
            self._put([stays], stays, body, orphans)
        self._put(new, updated, body, orphans)

    def _imports(self) -> list[str]:
        texts: list[str] = []
        for module in SUBJECTS:
            # Constants first, as formatters sort imports.
            names = sorted(self._found.needed[module], key=lambda name: (not name.isupper(), name))
            text = f"from {module} import {', '.join(names)}"
            if len(text) > WIDTH:
                listed = "".join(f"{self._config.default_indent}{name},\n" for name in names)
                text = f"from {module} import (\n{listed})"
            if names:
                texts.append(text)
        return texts

    def _code(self, node: cst.CSTNode) -> str:
        return self._found.module.code_for_node(node)


def _lost(statement: cst.SimpleStatementLine, text: str) -> list[cst.EmptyLine]:
    """Return the comments between the lines of a statement that its new text has not."""
    comments = _Comments()
    for small in statement.body:
        small.visit(comments)
    return [cst.EmptyLine(comment=comment) for comment in comments.found if comment.value not in text]


class _Comments(cst.CSTVisitor):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[cst.Comment] = []

    def visit_Comment(self, node: cst.Comment) -> None:
        self.found.append(node)


def _parens(node: cst.CSTNode, side: str) -> Sequence[cst.CSTNode]:
    return getattr(node, side, ())


def _bare(node: cst.CSTNode) -> cst.CSTNode:
    return node.with_changes(lpar=(), rpar=()) if _parens(node, "lpar") else node


def _without_vendor(small: cst.BaseSmallStatement) -> cst.BaseSmallStatement | None:
    """Return a statement without what it imports from the vendor's package; ``None`` when nothing is left."""
    if not imported_names(small):
        return small
    if isinstance(small, cst.Import):
        kept = [
            alias
            for alias in small.names
            if not imported_names(cst.Import([alias.with_changes(comma=cst.MaybeSentinel.DEFAULT)]))
        ]
        if kept:
            kept[-1] = kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
            return small.with_changes(names=kept)
    return None
