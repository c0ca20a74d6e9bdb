"""Snippets: pieces of Liquid that messages share. Reference 10."""

from handbill.contract.endpoint import Endpoint, Model


class Snippet(Model):
    name: str
    value: str
    updated_at: int


class Snippets(Model):
    snippets: list[Snippet]


class OneSnippet(Model):
    snippet: Snippet


class PutSnippet(Model):
    """Both are stored without the white space around them."""

    name: str
    value: str


LIST = Endpoint(
    name="snippets.list", method="GET", path="/v1/snippets", does="List snippets", source="10", answer=Snippets
)
CREATE = Endpoint(
    name="snippets.create",
    method="POST",
    path="/v1/snippets",
    does="Make a new snippet",
    source="10",
    body=PutSnippet,
    answer=OneSnippet,
    unfit=422,
)
PUT = Endpoint(
    name="snippets.put",
    method="PUT",
    path="/v1/snippets",
    does="Make or change a snippet",
    source="10",
    body=PutSnippet,
    answer=OneSnippet,
)
DELETE = Endpoint(
    name="snippets.delete",
    method="DELETE",
    path="/v1/snippets/{snippet_name}",
    does="Delete a snippet that nothing uses",
    source="10",
    status=204,
)
