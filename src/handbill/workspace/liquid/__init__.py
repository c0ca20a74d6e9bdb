"""Customer.io's Latest Liquid: `Dialect.compile` makes a `Template`, `Template.render` a text."""

from handbill.workspace.liquid.dialect import Dialect, Template
from handbill.workspace.liquid.faults import LiquidFault, LiquidRenderFault, LiquidSyntaxFault
from handbill.workspace.liquid.limits import Limits

__all__ = ["Dialect", "Limits", "LiquidFault", "LiquidRenderFault", "LiquidSyntaxFault", "Template"]
