"""Collections: small tables that messages look things up in."""

from handbill.contract.app.collections import Collection
from handbill.tools.answers import Answer
from handbill.tools.tool import Context, tool


class CollectionList(Answer):
    collections: list[Collection]
    total: int


@tool(effect="reads", toolset="workspace", command="workspace collections")
async def list_collections(context: Context) -> CollectionList:
    """List the collections: small tables that messages look things up in, with their size and columns (schema)."""
    collections = (await context.client.collections.list()).collections
    return CollectionList(collections=collections, total=len(collections))
