"""Snippets: pieces of Liquid that messages share."""

from handbill.contract.app.snippets import Snippet
from handbill.tools.answers import Answer
from handbill.tools.tool import Context, tool


class SnippetList(Answer):
    snippets: list[Snippet]
    total: int


@tool(effect="reads", toolset="workspace", command="workspace snippets")
async def list_snippets(context: Context) -> SnippetList:
    """List the snippets: pieces of Liquid that messages share, as {{snippets.name}}."""
    snippets = (await context.client.snippets.list()).snippets
    return SnippetList(snippets=snippets, total=len(snippets))
