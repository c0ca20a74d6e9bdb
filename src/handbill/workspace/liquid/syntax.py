"""Parses Latest Liquid: python-liquid's parser with the dialect's tags, filters and expressions."""

from collections.abc import Iterable, Iterator

from liquid import Environment, Token
from liquid.ast import ConditionalBlockNode, Node
from liquid.builtin.expressions import BooleanExpression, FilteredExpression, Path
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.assign_tag import AssignNode
from liquid.builtin.tags.case_tag import CaseNode, MultiExpressionBlockNode
from liquid.builtin.tags.for_tag import BreakNode, ContinueNode, ForNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.builtin.tags.tablerow_tag import TablerowNode
from liquid.builtin.tags.unless_tag import UnlessNode
from liquid.exceptions import LiquidError, LiquidSyntaxError
from liquid.expression import Expression
from liquid.parser import get_parser
from liquid.stream import TokenStream
from liquid.template import BoundTemplate
from liquid.token import TOKEN_EOF

from handbill.workspace.liquid.expressions import AnyEquals, condition, lenient, looped, strict, tokens_of
from handbill.workspace.liquid.faults import LiquidFault, position
from handbill.workspace.liquid.filters import FILTERS
from handbill.workspace.liquid.limits import LimitReachedError, Limits
from handbill.workspace.liquid.tags import TAGS
from handbill.workspace.liquid.values import text

NOT_IN_LATEST = ("ifchanged", "include", "render", "doc")


class LatestTokenStream(TokenStream):
    """Tokens of a template whose expressions may use any word as a key."""

    def into_inner(self, *, tag: Token | None = None, eat: bool = True) -> TokenStream:
        token = self.current
        super().into_inner(tag=tag, eat=eat)
        return tokens_of(token.value, token)


class LatestEnvironment(Environment):
    """python-liquid set up as Customer.io's Latest engine."""

    suppress_blank_control_flow_blocks = False
    logical_not_operator = True

    def __init__(self, limits: Limits) -> None:
        super().__init__()
        self.block_nesting_limit = limits.nesting  # type: ignore[misc]
        self.context_depth_limit = 2 * limits.nesting  # type: ignore[misc]

    def _parse(self, source: str) -> list[Node]:
        return get_parser(self).parse(LatestTokenStream(self.tokenizer()(source)))

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters(extra=extra)
        for name in NOT_IN_LATEST:
            del self.tags[name]
        for tag in TAGS:
            self.add_tag(tag)
        self.filters = dict(FILTERS)


def parse(environment: Environment, source: str, name: str, limits: Limits) -> BoundTemplate:
    """Parse a template. Raises LiquidError with its place and the template's name."""
    try:
        size = len(source.encode(errors="replace"))
        if size > limits.source:
            raise LimitReachedError(f"The template has {size:,} bytes, more than {limits.source:,}")
        template = environment.from_string(source, name=name)
        for node in template.nodes:
            _adapt(environment, node, in_loop=False)
    except LiquidError as error:
        error.template_name = name
        if error.token is None or error.token.start_index < 0:
            error.token = Token(TOKEN_EOF, "", len(source), source)
        raise
    except RecursionError as error:
        message = "An expression has too many parts"
        raise LiquidSyntaxError(message, token=Token(TOKEN_EOF, "", 0, source), template_name=name) from error
    return template


def fault(error: LiquidError, kind: type[LiquidFault]) -> LiquidFault:
    """A python-liquid error as a fault with its place."""
    token = error.token or Token(TOKEN_EOF, "", 0, "")
    return kind(str(error.message), str(error.template_name), *position(token.source, token.start_index))


def _adapt(environment: Environment, node: Node, *, in_loop: bool) -> None:
    """Give a node, and what it contains, the dialect's expressions."""
    match node:
        case OutputNode() | AssignNode():
            _adapt_filtered(environment, node)
        case IfNode() | UnlessNode():
            node.condition = _adapted(node.condition)
        case ConditionalBlockNode():
            node.expression = _adapted(node.expression)
        case CaseNode():
            node.expression = lenient(node.expression)
        case MultiExpressionBlockNode():
            options = [lenient(option) for option in node.expression.expressions]
            node.expression = AnyEquals(node.token, lenient(node.expression.left), options)  # type: ignore[assignment]
        case ForNode() | TablerowNode():
            in_loop = True
            _adapt_loop(node)
        case BreakNode() | ContinueNode() if not in_loop:
            raise LiquidSyntaxError(f"{node} stands outside a for loop", token=node.token)
    for child in node.children(None):  # type: ignore[arg-type]
        _adapt(environment, child, in_loop=in_loop)


def _adapted(test: Expression) -> Expression:
    """A test keeps its wrapper, which decides what is true."""
    return BooleanExpression(test.token, condition(tested(test)))


def tested(test: Expression) -> Expression:
    """What a test of `if`, `elsif` or `unless` is about."""
    assert isinstance(test, BooleanExpression)
    return test.expression


def _adapt_filtered(environment: Environment, node: OutputNode | AssignNode) -> None:
    expression = node.expression
    if not isinstance(expression, FilteredExpression):
        return
    filters = expression.filters or []
    for item in filters:
        if item.name not in environment.filters:
            raise LiquidSyntaxError(f"Unknown filter '{item.name}'", token=item.token)
        for argument in item.args:
            argument.value = strict(argument.value)
    is_lenient = isinstance(node, AssignNode) or (filters and filters[0].name == "default")
    expression.left = lenient(expression.left) if is_lenient else strict(expression.left)


def _adapt_loop(node: ForNode | TablerowNode) -> None:
    loop = node.expression
    loop.iterable = looped(loop.iterable)
    loop.limit = loop.limit and strict(loop.limit)
    loop.offset = loop.offset and strict(loop.offset)


def walk(nodes: Iterable[Node]) -> Iterator[Node]:
    """These nodes and all they contain, in the order they are written."""
    for node in nodes:
        yield node
        yield from walk(node.children(None))  # type: ignore[arg-type]


def variable_paths(nodes: Iterable[Node]) -> Iterator[Path]:
    """Paths of the data a template uses; loop variables and assigned names are no data."""
    nodes = list(nodes)
    return _data_paths(nodes, assigned_names(nodes))


def _data_paths(nodes: Iterable[Node], local: frozenset[str]) -> Iterator[Path]:
    for node in nodes:
        for expression in node.expressions():
            yield from _expression_paths(expression, local)
        yield from _data_paths(node.children(None), local | set(node.block_scope()))  # type: ignore[arg-type]


def _expression_paths(expression: Expression, local: frozenset[str]) -> Iterator[Path]:
    if isinstance(expression, Path) and isinstance(expression.path[0], str) and expression.path[0] not in local:
        yield expression
    for child in expression.children():
        yield from _expression_paths(child, local)


def path_name(path: Iterable[object]) -> str:
    """How a path is written, as far as it is known without the data."""
    name = ""
    for segment in path:
        if isinstance(segment, Path):
            break
        name += _segment(segment, first=not name)
    return name


def _segment(segment: object, *, first: bool) -> str:
    if not isinstance(segment, str):
        return f"[{text(segment)}]"
    if first:
        return segment
    return f".{segment}" if segment.replace("-", "_").isidentifier() else f'["{segment}"]'


def assigned_names(nodes: Iterable[Node]) -> frozenset[str]:
    """Names given by `assign`, `capture`, `increment` and `decrement`, wherever they stand."""
    return frozenset(str(name) for node in walk(nodes) for name in node.template_scope())
