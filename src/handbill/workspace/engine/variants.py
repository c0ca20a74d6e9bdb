"""Which of its variants a person gets: the A/B group they fall into, in their language. A pure rule."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from handbill.workspace.engine.needs import Content


def shares(
    contents: Sequence[Content], people: Sequence[int], languages: Mapping[int, str]
) -> Iterator[tuple[Content, Sequence[int]]]:
    """Each content with the people who get it: everybody gets each message once, as one of its variants."""
    bases = [content for content in contents if not content.translation_of]
    groups = sorted({content.test_group for content in bases if content.test_group})
    for base in bases:
        theirs = [person for person in people if _group(groups, person) == base.test_group] if groups else people
        translations = translations_of(base, contents)
        yield from _by_language(base, translations, theirs, languages) if translations else [(base, theirs)]


def translations_of(base: Content, contents: Sequence[Content]) -> dict[str, Content]:
    """What says the same as `base` in other languages, by language as `chosen` looks it up."""
    return {_plain(each.language): each for each in contents if each.translation_of == base.id}


def chosen(base: Content, translations: Mapping[str, Content], language: str) -> Content:
    """The translation into `language`, else into its main part (`pt` for `pt-BR`), else `base` itself."""
    plain = _plain(language)
    return translations.get(plain) or translations.get(plain.partition("-")[0]) or base


def _by_language(
    base: Content, translations: Mapping[str, Content], people: Sequence[int], languages: Mapping[int, str]
) -> Iterator[tuple[Content, Sequence[int]]]:
    sorted_out: dict[int, list[int]] = defaultdict(list)
    for person in people:
        sorted_out[chosen(base, translations, languages.get(person, "")).id].append(person)
    for content in (base, *translations.values()):
        if content.id in sorted_out:
            yield content, sorted_out[content.id]


def _group(groups: Sequence[int], person: int) -> int:
    """Neighbours in the list of people fall into groups as if by chance, and always into the same (Knuth 6.4)."""
    return groups[((person * 2654435761) % 2**32 >> 16) % len(groups)]


def _plain(language: str) -> str:
    return language.lower().replace("_", "-")
