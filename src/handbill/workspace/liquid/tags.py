"""Tags: Customer.io's own (reference 16.4), and those of python-liquid that Latest Liquid renders differently."""

import re
import uuid
from collections.abc import Iterable
from html import escape
from typing import Any, ClassVar, TextIO

from liquid import RenderContext, Token
from liquid.ast import Node
from liquid.builtin.expressions import FilteredExpression, Path, StringLiteral, parse_primitive
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags.cycle_tag import CycleNode, CycleTag
from liquid.builtin.tags.echo_tag import EchoTag
from liquid.builtin.tags.for_tag import ForLoop, ForNode, ForTag
from liquid.exceptions import BreakLoop, ContinueLoop, LiquidSyntaxError
from liquid.expression import Expression
from liquid.stream import TokenStream
from liquid.tag import Tag
from liquid.token import TOKEN_EXPRESSION, TOKEN_OUTPUT, TOKEN_TAG

from handbill.workspace.liquid import values
from handbill.workspace.liquid.expressions import strict, tokens_of

_OPTION = re.compile(r"""(\w+)\s*[:=]\s*("[^"]*"|'[^']*'|[^\s,]+)""")


class PrintNode(OutputNode):
    """`{{ value }}` printed as JavaScript prints it."""

    __slots__ = ()

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        return buffer.write(values.text(self.expression.evaluate(context)))


class PrintTag(Output):
    """`{{ … }}`"""

    def parse(self, stream: TokenStream) -> OutputNode:
        token = stream.eat(TOKEN_OUTPUT)
        expression = stream.expect(TOKEN_EXPRESSION)
        return PrintNode(token, FilteredExpression.parse(self.env, tokens_of(expression.value, expression)))


class PrintEchoTag(EchoTag):
    """`{% echo … %}`"""

    node_class = PrintNode  # type: ignore[assignment]


class LoopNode(ForNode):
    """`for` with liquidjs's order of `offset`, `limit` and `reversed`, and `else` for an empty list only."""

    __slots__ = ()

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        items = values.enumerable(self.expression.iterable.evaluate(context))
        if not items:
            return self.default.render(context, buffer) if self.default else 0
        items = self._window(items, context)
        name = self.expression.identifier
        loop = ForLoop(f"{name}-{self.expression.iterable}", iter(items), len(items), context.parentloop())
        namespace: dict[str, object] = {"forloop": loop, name: None}
        with context.loop(namespace, loop):
            for namespace[name] in loop:
                try:
                    self.block.render(context, buffer)
                except ContinueLoop:
                    continue
                except BreakLoop:
                    break
        return 0

    def _window(self, items: Any, context: RenderContext) -> Any:
        loop = self.expression
        key = f"{loop.identifier}-{loop.iterable}"
        offset = loop.offset and loop.offset.evaluate(context)
        if resumes(self):
            offset = context.stopindex(key)
        items = values.window(items, offset, loop.limit and loop.limit.evaluate(context), loop.reversed)
        context.stopindex(key, values.whole(offset) + len(items))
        return items


def resumes(node: ForNode) -> bool:
    """Whether a loop says `offset: continue`."""
    offset = node.expression.offset
    return isinstance(offset, StringLiteral) and offset.token.value == offset.value == "continue"


class LoopTag(ForTag):
    """`{% for … %}`"""

    node_class = LoopNode


class TurnNode(CycleNode):
    """`cycle`, counted per group and list of options."""

    __slots__ = ()

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        group = values.text(self.group.evaluate(context)) if self.group else ""
        index = context.cycle(self.key(group), len(self.args))
        return buffer.write(values.text(self.args[index].evaluate(context)))

    def key(self, group: str) -> str:
        """What cycles are counted by."""
        return f"{group}:{','.join(map(str, self.args))}"


class TurnTag(CycleTag):
    """`{% cycle … %}`"""

    node_class = TurnNode

    def parse(self, stream: TokenStream) -> CycleNode:
        node = super().parse(stream)
        node.args = [strict(option) for option in node.args]
        return node


class LinkNode(Node):
    """Prints an entry of the root `links`, nothing where there is none."""

    __slots__ = ("name",)

    def __init__(self, token: Token, name: str) -> None:
        super().__init__(token)
        self.name = name
        self.blank = False

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        return buffer.write(self.link(context))

    def link(self, context: Any) -> str:
        return values.text(values.reach(context.root("links"), self.name))


class UnsubscribeNode(LinkNode):
    """Prints a ready-made unsubscribe link."""

    __slots__ = ()

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        url = escape(self.link(context))
        return buffer.write(f'<a href="{url}" class="untracked">Unsubscribe</a>' if url else "")


class LinkTag(Tag):
    """A tag without arguments that prints one of the delivery's links."""

    block = False
    link: ClassVar[str]
    node_class: type[LinkNode] = LinkNode

    def parse(self, stream: TokenStream) -> Node:
        token = stream.expect(TOKEN_TAG)
        _skip_expression(stream)
        return self.node_class(token, self.link)


class UnsubscribeTag(LinkTag):
    """`{% unsubscribe %}`"""

    name = "unsubscribe"
    link = "unsubscribe_url"
    node_class = UnsubscribeNode


class UuidNode(Node):
    """Prints a fresh random UUID."""

    __slots__ = ()

    def render_to_output(self, context: Any, buffer: TextIO) -> int:
        return buffer.write(str(uuid.UUID(int=context.run.random_number(2**128), version=4)))


class UuidTag(Tag):
    """`{% generate_uuid %}`"""

    name = "generate_uuid"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        return UuidNode(stream.expect(TOKEN_TAG))


class ArgumentNode(Node):
    """A tag with one value as its argument."""

    __slots__ = ("expression",)

    def __init__(self, token: Token, expression: Expression) -> None:
        super().__init__(token)
        self.expression = expression

    def expressions(self) -> Iterable[Expression]:
        yield self.expression


class RandomNode(ArgumentNode):
    """Prints a whole number from 0 up to, not including, its argument."""

    __slots__ = ()

    def render_to_output(self, context: Any, buffer: TextIO) -> int:
        below = values.whole(self.expression.evaluate(context))
        return buffer.write(str(context.run.random_number(max(below, 1))))


class RenderLiquidNode(ArgumentNode):
    """Prints a value after rendering it as Liquid, with the same roots and its own variables."""

    __slots__ = ()

    def render_to_output(self, context: Any, buffer: TextIO) -> int:
        source = values.text(self.expression.evaluate(context))
        return buffer.write(context.run.render_text(source, f"render_liquid {self.expression}"))


class ArgumentTag(Tag):
    """A tag with one value as its argument."""

    block = False
    node_class: ClassVar[type[ArgumentNode]]

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_TAG)
        tokens = stream.into_inner(tag=token, eat=False)
        argument = parse_primitive(self.env, tokens)
        tokens.expect_eos()
        return self.node_class(token, strict(argument))


class RandomTag(ArgumentTag):
    """`{% random 100 %}`"""

    name = "random"
    node_class = RandomNode


class RenderLiquidTag(ArgumentTag):
    """`{% render_liquid journey.body %}`"""

    name = "render_liquid"
    node_class = RenderLiquidNode


class TopicNode(Node):
    """Prints the name of the message's subscription topic."""

    __slots__ = ()

    def render_to_output(self, context: Any, buffer: TextIO) -> int:
        return buffer.write(values.text(values.reach(context.root("message"), "subscription_topic", "name")))


class TopicTag(Tag):
    """`{% subscription_topic_name %}`, `{% subscription_topic_name lang='pt' %}`"""

    name = "subscription_topic_name"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        token = stream.expect(TOKEN_TAG)
        _skip_expression(stream)
        return TopicNode(token)


def tracked(links: Any, url: str) -> str:
    """The address that counts a click and leads to `url`; `url` itself where links are not tracked.

    `links` is the root of that name: `cio_link` is what comes before a link's number, `targets` has the numbers.
    """
    way = values.text(values.reach(links, "cio_link"))
    if not way:
        return url
    return f"{way}{links['targets'].setdefault(url, len(links['targets']))}"


class TrackedLinkNode(ArgumentNode):
    """Prints the address of a tracked link."""

    __slots__ = ()

    def render_to_output(self, context: Any, buffer: TextIO) -> int:
        url = values.text(self.expression.evaluate(context))
        return buffer.write(tracked(context.root("links"), url))


class TrackedLinkTag(Tag):
    """`{% cio_link url:https://… track:true url_params:true %}`; the URL is literal, quoted or a variable."""

    name = "cio_link"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_TAG)
        expression = stream.expect(TOKEN_EXPRESSION)
        options = dict(_OPTION.findall(expression.value))
        url = options.get("url", "")
        if not url:
            raise LiquidSyntaxError("cio_link needs url:, for example url:https://shop.example", token=token)
        node_class = PrintNode if options.get("track") == "false" else TrackedLinkNode
        if url[0] in "\"'":
            return node_class(token, StringLiteral(token, url[1:-1]))
        if "/" in url or "{" in url:
            return node_class(token, StringLiteral(token, url))
        return node_class(token, Path.parse(self.env, tokens_of(url, expression)))


class CountdownTag(Tag):
    """`{% countdown … %}` makes an animated image, which this workspace does not; refused, so nobody misses it."""

    name = "countdown"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        raise LiquidSyntaxError(
            "countdown images are not made here; leave the tag out or write the date as text",
            token=stream.current,
        )


def _skip_expression(stream: TokenStream) -> None:
    """Leave the stream on the last token of the tag, as python-liquid expects."""
    if stream.peek.kind == TOKEN_EXPRESSION:
        next(stream)


LINKS = (
    "unsubscribe_url",
    "view_in_browser_url",
    "manage_subscription_preferences_url",
    "tracking_consent_url",
    "cio_link_id",
)

TAGS: list[type[Tag]] = [
    PrintTag,
    PrintEchoTag,
    LoopTag,
    TurnTag,
    UnsubscribeTag,
    UuidTag,
    RandomTag,
    RenderLiquidTag,
    TopicTag,
    TrackedLinkTag,
    CountdownTag,
    *(type(name, (LinkTag,), {"name": name, "link": name}) for name in LINKS),
]
