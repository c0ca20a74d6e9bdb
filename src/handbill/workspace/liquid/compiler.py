"""Turns a parsed template into one fast Python function.

The function need only be right where rendering succeeds. Whatever it cannot do it meets with an exception, and the
caller renders again with the interpreter, which finds the answer or the exact place of the fault. So paths are plain
subscripts (`r0["first_name"]`), and the happy path pays nothing for messages.

What depends only on shared roots has become literal text here (see `folding`). Nodes of a kind that is not listed in
`NodeCompiler.kinds` are handed to the interpreter one by one. Read `compile_template` first.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from liquid.ast import BlockNode, Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import StringLiteral
from liquid.builtin.expressions.primitive import Literal
from liquid.builtin.tags.assign_tag import AssignNode
from liquid.builtin.tags.capture_tag import CaptureNode
from liquid.builtin.tags.case_tag import CaseNode, MultiExpressionBlockNode
from liquid.builtin.tags.comment_tag import CommentNode
from liquid.builtin.tags.decrement_tag import DecrementNode
from liquid.builtin.tags.for_tag import BreakNode, ContinueNode, ForNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.builtin.tags.increment_tag import IncrementNode
from liquid.builtin.tags.liquid_tag import LiquidNode
from liquid.builtin.tags.unless_tag import UnlessNode
from liquid.expression import Expression
from liquid.template import BoundTemplate

from handbill.workspace.liquid import runtime, values
from handbill.workspace.liquid.expression_code import FORLOOP, ExpressionCode, forloop_uses
from handbill.workspace.liquid.folding import Folder, uses_cycles
from handbill.workspace.liquid.function_source import FunctionSource
from handbill.workspace.liquid.interpreter import Run
from handbill.workspace.liquid.syntax import assigned_names, tested, walk
from handbill.workspace.liquid.tags import LinkNode, LoopNode, PrintNode, TrackedLinkNode, TurnNode, resumes

if TYPE_CHECKING:
    from handbill.workspace.liquid.dialect import Dialect

Render = Callable[[Run], str]
Snippet = Callable[[Run, str], str]

_INDEXED = FORLOOP.keys() - {"length", "name"}


def compile_template(
    dialect: "Dialect", template: BoundTemplate, shared: Mapping[str, object], snippet: Snippet
) -> Render:
    """A function that renders a template; `snippet` renders one by its name.

    What the function returns is right; when it raises anything, the interpreter must be asked.
    Raises SyntaxError, RecursionError or MemoryError for a template Python's own compiler cannot take.
    """
    return NodeCompiler(dialect, template, shared, snippet).function()


class NodeCompiler:
    """Writes the statements for nodes; pieces of output wait in `_pieces` until a statement must come between."""

    def __init__(
        self, dialect: "Dialect", template: BoundTemplate, shared: Mapping[str, object], snippet: Snippet
    ) -> None:
        self._limit = dialect.limits.output
        self._nodes = template.nodes
        self._folder = Folder(dialect, template, shared)
        self._foldable = not any(isinstance(node, ForNode) and resumes(node) for node in walk(template.nodes))
        self._source = FunctionSource({"snippet": snippet, "template": template})
        self._code = ExpressionCode(self._source, self._folder, template.nodes)
        self._out = "out"
        self._pieces: list[str] = []
        self._literal: list[str] = []
        self._branches = 0

    def function(self) -> Render:
        """The whole template as a function of a Run."""
        for node in self._nodes:
            self._node(node)
        self._flush()
        self._source.line(f"return joined(out, {self._limit})")
        return self._source.function(self._code.prologue())

    def _node(self, node: Node) -> None:
        if isinstance(node, ContentNode):
            self._literal.append(node.text)
            return
        folded = self._folder.text(node, straight=not self._branches) if self._foldable else None
        if folded is None:
            self.kinds.get(type(node), NodeCompiler._interpreted)(self, node)
            return
        output, turns = folded
        if turns:
            self._statement(f"run.spend_turns({turns})")
        self._literal.append(output)

    # Output

    def _piece(self, code: str) -> None:
        self._end_literal()
        self._pieces.append(code)

    def _end_literal(self) -> None:
        if literal := "".join(self._literal):
            self._pieces.append(repr(literal))
        self._literal.clear()

    def _flush(self) -> None:
        """Write the waiting pieces: before anything that could change what they print."""
        self._end_literal()
        if self._pieces:
            self._source.line(f"{self._out} += ({', '.join(self._pieces)},)")
            self._pieces.clear()

    def _statement(self, code: str) -> None:
        self._flush()
        self._source.line(code)

    @contextmanager
    def _block(self, header: str, *, branch: bool = True) -> Iterator[None]:
        self._flush()
        self._branches += branch
        with self._source.block(header):
            yield
            self._flush()
        self._branches -= branch

    # Variables

    def _release(self, node: Node) -> None:
        """Variables and cycles that a node changes in ways not known beforehand are from here on held at run time."""
        for name, value in self._folder.forget(assigned_names([node])).items():
            self._set(name, self._source.constant(value))
        if uses_cycles(node) and (counts := self._folder.forget_cycles()):
            self._statement(f"{self._code.cycles()}.update({self._source.constant(counts)})")

    def _set(self, name: str, code: str) -> None:
        self._statement(f"{self._code.variables[name]} = {code}")
        if not self._branches:
            self._code.certain.add(name)

    # Nodes

    def _children(self, node: Any) -> None:
        for child in node.children(None):
            self._node(child)

    def _nothing(self, node: Node) -> None:
        """Comments."""

    def _print(self, node: Any) -> None:
        self._piece(self._code.text(node.expression))

    def _link(self, node: LinkNode) -> None:
        self._piece(f"link(roots, {node.name!r})")

    def _tracked_link(self, node: TrackedLinkNode) -> None:
        self._piece(f"tracked(roots.get('links'), {self._code.text(node.expression)})")

    def _assign(self, node: AssignNode) -> None:
        code = self._code.value(node.expression)
        self._folder.forget(frozenset({str(node.name)}))
        self._set(node.name, code)

    def _capture(self, node: CaptureNode) -> None:
        self._flush()
        outer, self._out = self._out, self._source.name("out")
        self._source.line(f"{self._out} = []")
        self._children(node)
        self._flush()
        captured, self._out = self._out, outer
        self._folder.forget(frozenset({str(node.name)}))
        self._set(node.name, f"joined({captured}, {self._limit})")

    def _if(self, node: IfNode | UnlessNode) -> None:
        first = (tested(node.condition), isinstance(node, UnlessNode), node.consequence)
        rest = [(tested(branch.expression), False, branch.block) for branch in node.alternatives]
        undecided: list[tuple[Expression, bool, BlockNode]] = []
        default = node.default
        for condition, negated, block in [first, *rest]:
            known = self._folder.value(condition)
            if known is None:
                undecided.append((condition, negated, block))
            elif values.truthy(known[0]) is not negated:
                default = block
                break
        if undecided:
            self._release(node)
        self._branch(undecided, default)

    def _branch(self, branches: list[tuple[Expression, bool, BlockNode]], default: BlockNode | None) -> None:
        for keyword, (condition, negated, block) in zip(["if", *["elif"] * len(branches)], branches, strict=False):
            test = self._code.condition(condition)
            with self._block(f"{keyword} {'not ' if negated else ''}{test}:"):
                self._children(block)
        if default and branches:
            with self._block("else:"):
                self._children(default)
        elif default:
            self._children(default)

    def _case(self, node: CaseNode) -> None:
        """Every `when` that matches is rendered; where only one can, the tests are a chain."""
        self._release(node)
        value, matched = self._source.name("case"), self._source.name("matched")
        self._statement(f"{value} = {self._code.value(node.expression)}")
        exclusive = _is_exclusive(node)
        if not exclusive:
            self._statement(f"{matched} = False")
        for number, block in enumerate(node.blocks):
            tests = " or ".join(f"equals({value}, {self._code.value(option)})" for option in _options(block))
            if exclusive:
                header = f"{'elif' if number else 'if'} {tests}:" if tests else "else:"
            else:
                header = f"if {tests or f'not {matched}'}:"
            with self._block(header):
                if tests and not exclusive:
                    self._source.line(f"{matched} = True")
                self._children(block)

    def _for(self, node: LoopNode) -> None:
        uses = frozenset(forloop_uses(node))
        if not self._foldable or not uses <= FORLOOP.keys():
            self._interpreted(node)
            return
        self._release(node)
        items, loop = self._source.name("items"), self._code.loop(node.expression, uses)
        self._statement(f"{items} = enumerable({self._code.value(node.expression.iterable)})")
        with self._block(f"if {items}:"):
            self._window(node, items)
            self._statement(f"{loop.length} = len({items})")
            self._statement(f"run.spend_turns({loop.length})")
            indexed = uses & _INDEXED
            counted, source = (f"{loop.index}, ", f"enumerate({items})") if indexed else ("", items)
            with self._block(f"for {counted}{loop.item} in {source}:"), self._code.inside(loop):
                self._source.line(f"if len({self._out}) > {runtime.PIECES_AT_ONCE}:")
                self._source.line(f"    {self._out} = [joined({self._out}, {self._limit})]")
                self._children(node.block)
        if node.default:
            with self._block("else:"):
                self._children(node.default)

    def _window(self, node: LoopNode, items: str) -> None:
        loop = node.expression
        if loop.offset or loop.limit or loop.reversed:
            offset, limit = (self._code.value(part) if part else "None" for part in (loop.offset, loop.limit))
            self._statement(f"{items} = window({items}, {offset}, {limit}, {loop.reversed})")

    def _break(self, node: BreakNode) -> None:
        self._statement("break")

    def _continue(self, node: ContinueNode) -> None:
        self._statement("continue")

    def _cycle(self, node: TurnNode) -> None:
        texts = [values.text(part.value) for part in node.args if isinstance(part, Literal)]
        if node.group or len(texts) < len(node.args):
            self._interpreted(node)
            return
        self._release(node)
        key = node.key("")
        options = self._source.constant(tuple(texts))
        self._piece(f"{options}[turn({self._code.cycles()}, {key!r}, {len(node.args)})]")

    def _increment(self, node: IncrementNode | DecrementNode) -> None:
        verb = "increment" if isinstance(node, IncrementNode) else "decrement"
        self._piece(f"str({self._code.scope()}.{verb}({str(node.name)!r}))")

    def _interpreted(self, node: Node) -> None:
        self._release(node)
        self._flush()
        self._piece(f"interpreted({self._code.scope()}, {self._source.constant(node)}, {self._code.visible()})")
        self._flush()
        for name in assigned_names([node]):
            self._statement(f"{self._code.variables[name]} = scope.locals.get({name!r}, UNSET)")

    kinds: Mapping[type[Node], Callable[[Any, Any], None]] = {
        AssignNode: _assign,
        BlockNode: _children,
        BreakNode: _break,
        CaptureNode: _capture,
        CaseNode: _case,
        CommentNode: _nothing,
        ContinueNode: _continue,
        DecrementNode: _increment,
        IfNode: _if,
        IncrementNode: _increment,
        LinkNode: _link,
        LiquidNode: _children,
        LoopNode: _for,
        PrintNode: _print,
        TrackedLinkNode: _tracked_link,
        TurnNode: _cycle,
        UnlessNode: _if,
    }


def _options(block: MultiExpressionBlockNode | BlockNode) -> list[Expression]:
    """The values of a `when`, none for `else`."""
    return list(block.expression.children()) if isinstance(block, MultiExpressionBlockNode) else []


def _is_exclusive(node: CaseNode) -> bool:
    """Whether at most one block of a `case` can match: different texts, and `else` at the end."""
    options = [option for block in node.blocks for option in _options(block)]
    texts = {option.value for option in options if isinstance(option, StringLiteral)}
    has_early_else = not all(map(_options, node.blocks[:-1]))
    return len(texts) == len(options) and not has_early_else and bool(_options(node.blocks[0]))
