"""The compiled function prints what the interpreter prints, whatever the template and the data."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handbill.workspace.liquid import Dialect, LiquidFault
from handbill.workspace.liquid import dialect as front_door
from handbill.workspace.liquid.interpreter import Run, render_or_fault

TABLE = json.loads((Path(__file__).parent / "cases.json").read_text())
ROOTS: dict[str, object] = TABLE["roots"]
CASES = [pytest.param(case, id=case["name"]) for case in TABLE["cases"]]

SNIPPETS = {
    "hello": "Hello {{ customer.name }}!",
    "list": '[{"n": 1}, {"n": 2}]',
    "odd name": "{% assign a = 9 %}{{ a }}",
}
DIALECT = Dialect(SNIPPETS)

RENDERING = [pytest.param(case, id=case["name"]) for case in TABLE["cases"] if "output" in case]


def outcome(render: Any) -> str:
    """What comes out of a rendering: its text, or its fault."""
    try:
        return f"text: {render()}"
    except LiquidFault as fault:
        return f"fault: {fault}"


def expected(case: Mapping[str, str]) -> str:
    return f"text: {case['output']}" if "output" in case else f"fault: {case['fault']}"


def interpreted(dialect: Dialect, source: str, roots: Mapping[str, object]) -> str:
    dialect.compile(source)
    return render_or_fault(dialect.parsed(source, "body"), Run(dialect, roots))


@pytest.mark.parametrize("case", CASES)
def test_a_template_renders_as_the_table_says(case: Mapping[str, str]) -> None:
    template = DIALECT.compile(case["template"])
    assert outcome(lambda: template.render(ROOTS)) == expected(case)


@pytest.mark.parametrize("case", CASES)
def test_the_interpreter_agrees_with_the_table(case: Mapping[str, str]) -> None:
    assert outcome(lambda: interpreted(DIALECT, case["template"], ROOTS)) == expected(case)


@pytest.mark.parametrize("case", CASES)
def test_sharing_every_root_changes_nothing(case: Mapping[str, str]) -> None:
    template = DIALECT.compile(case["template"], shared=ROOTS)
    assert outcome(lambda: template.render({})) == expected(case)


@pytest.mark.parametrize("case", CASES)
def test_sharing_some_roots_changes_nothing(case: Mapping[str, str]) -> None:
    own = {name: value for name, value in ROOTS.items() if name in ("customer", "key")}
    template = DIALECT.compile(case["template"], shared={n: v for n, v in ROOTS.items() if n not in own})
    assert outcome(lambda: template.render(own)) == expected(case)


@pytest.mark.parametrize("case", RENDERING)
def test_what_renders_needs_no_second_rendering(case: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    template = DIALECT.compile(case["template"])
    monkeypatch.delattr(front_door, "render_or_fault")
    assert template.render(ROOTS) == case["output"]


# Templates and data made up by hypothesis

NAMES = ["name", "n", "list", "deep", "none", "no", "size", "first", "gone"]
ROOT_NAMES = ["customer", "trigger", "item", "a", "b", "nowhere"]
KEYS = [*(f".{name}" for name in NAMES), "[0]", "[-1]", "['n']", "[a]", "[customer.n]"]
LITERALS = ["1", "2.5", "-3", "'x'", "'a b'", "''", "true", "false", "nil", "(1..3)"]
FILTERS = [
    *("upcase", "size", "join", "first", "last", "escape", "sort", "reverse", "json", "uniq", "round", "sum"),
    *("capitalize", "url_encode", "append:1", "plus:1", "times:1", "divided_by:1", "join:1", "default:1", "split:1"),
    *(
        "minus:1",
        "modulo:1",
        "at_least:1",
        "slugify",
        "titlecase",
        "group_by:1",
        "find:2",
        "push:1",
        "from_json",
        "md5",
    ),
    *("replace:2", "map:1", "where:1", "where:2", "date:1", "slice:1", "slice:2", "truncate:1", "concat:1"),
]
LEAVES = [
    "text ",
    "\n",
    "{{ forloop.index }}",
    "{{ forloop.last }}",
    "{{ forloop.parentloop.index }}",
    "{% cycle 'x', 'y' %}",
    "{% cycle customer.n, 'y' %}",
    "{% cycle forloop.index, 'y' %}",
    "{% tablerow c in (1..2) %}{{ forloop.index }}{% endtablerow %}",
    "{% assign links = 'mine' %}{% unsubscribe_url %}",
    "{% increment b %}",
    "{% unsubscribe_url %}",
    "{% unsubscribe %}",
    "{% subscription_topic_name lang='pt' %}",
    "{% cio_link url:customer.name %}",
    "{% cio_link url:https://film.example/?a=1 track:false %}",
    "{% render_liquid customer.name %}",
    "{% render_liquid '{{ trigger.n }}{% increment b %}' %}",
    "{% random 1 %}",
    "{% echo customer.n | default: a %}",
    "{% liquid\nassign b = a\necho b\n%}",
    "{% comment %}{{ a | nope }}{% endcomment %}",
    "{%- raw -%} {{ a }} {% endraw %}",
    "{{ customer.list | where_exp: 'x', 'x == a' | size }}",
    "{{ customer.list | group_by_exp: 'x', 'x | append: b' | size }}",
    "{{ snippets.hello }}",
    "{{ snippets['odd name'] }}",
    "{{ snippets.gone }}",
    "{{ snippets.list[1].n }}",
]
scalars = st.none() | st.booleans() | st.integers(-5, 9) | st.sampled_from([0.5, 2.0]) | st.text("ab <&1", max_size=4)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(st.sampled_from(NAMES), json_values, max_size=6)
data = st.fixed_dictionaries({"customer": objects, "trigger": objects}, optional={"a": json_values})


class Writer:
    """Writes a template, asking hypothesis at every choice."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def one_of(self, options: Sequence[str]) -> str:
        return self._draw(st.sampled_from(options))

    def several(self, write: Callable[[], str], most: int) -> str:
        return "".join(write() for _ in range(self._draw(st.integers(0, most))))

    def path(self) -> str:
        return self.one_of(ROOT_NAMES) + self.several(lambda: self.one_of(KEYS), 2)

    def operand(self) -> str:
        return self.path() if self._draw(st.booleans()) else self.one_of(LITERALS)

    def filter(self) -> str:
        name, _, arguments = self.one_of(FILTERS).partition(":")
        written = ", ".join(self.operand() for _ in range(int(arguments or 0)))
        return f" | {name}: {written}" if written else f" | {name}"

    def value(self) -> str:
        return self.operand() + self.several(self.filter, 2)

    def test(self) -> str:
        comparison = self.one_of(["", "==", "!=", "<", ">", "<=", ">=", "contains"])
        right = self.one_of(["blank", "empty"]) if self._draw(st.integers(0, 4)) == 0 else self.operand()
        negation = self.one_of(["", "", "not "])
        return f"{negation}{self.path()} {comparison} {right}" if comparison else f"{negation}{self.path()}"

    def condition(self) -> str:
        return self.test() + self.several(lambda: f" {self.one_of(['and', 'or'])} {self.test()}", 2)

    def body(self, depth: int) -> str:
        return self.several(lambda: self.node(depth - 1), 3)

    def node(self, depth: int) -> str:
        kinds = [self.leaf, self.output, self.assign]
        if depth > 0:
            kinds += [
                lambda: (
                    f"{{% if {self.condition()} %}}{self.body(depth)}{{% elsif {self.condition()} %}}"
                    f"{self.body(depth)}{{% else %}}{self.body(depth)}{{% endif %}}"
                ),
                lambda: f"{{% unless {self.condition()} %}}{self.body(depth)}{{% endunless %}}",
                lambda: self.case(depth),
                lambda: f"{{% capture {self.one_of('ab')} %}}{self.body(depth)}{{% endcapture %}}",
                lambda: f"{{% tablerow item in {self.path()} cols:2 %}}{self.body(depth)}{{% endtablerow %}}",
                lambda: self.loop(depth),
                lambda: self.loop(depth),
            ]
        return self._draw(st.sampled_from(kinds))()

    def leaf(self) -> str:
        return self.one_of(LEAVES)

    def output(self) -> str:
        return f"{{{{ {self.value()} }}}}"

    def assign(self) -> str:
        return f"{{% assign {self.one_of('ab')} = {self.value()} %}}"

    def case(self, depth: int) -> str:
        whens = self.several(lambda: f"{{% when {self.operand()}, {self.operand()} %}}{self.body(depth)}", 2)
        return f"{{% case {self.operand()} %}}{whens}{{% else %}}{self.body(depth)}{{% endcase %}}"

    def loop(self, depth: int) -> str:
        items = self.one_of(["(1..3)", "snippets.list", self.path(), self.path()])
        window = self.one_of(["", "", " limit:2", " offset:1", " reversed", " limit: customer.n", " offset:continue"])
        interrupt = ""
        if self._draw(st.booleans()):
            interrupt = f"{{% if {self.condition()} %}}{{% {self.one_of(['break', 'continue'])} %}}{{% endif %}}"
        name, body, end = self.one_of(["item", "a"]), self.body(depth), self.body(depth)
        return f"{{% for {name} in {items}{window} %}}{body}{interrupt}{end}{{% else %}}none{{% endfor %}}"


@st.composite
def templates(draw: st.DrawFn) -> str:
    writer = Writer(draw)
    return writer.several(lambda: writer.node(3), 5)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(templates(), data)
def test_compiled_and_interpreted_output_are_identical(source: str, roots: dict[str, object]) -> None:
    want = outcome(lambda: interpreted(DIALECT, source, roots))
    shared = {name: value for name, value in roots.items() if name != "customer"}
    assert outcome(lambda: DIALECT.compile(source).render(roots)) == want
    assert outcome(lambda: DIALECT.compile(source, shared=shared).render({"customer": roots["customer"]})) == want
    assert outcome(lambda: DIALECT.compile(source, shared=roots).render(roots)) == want
