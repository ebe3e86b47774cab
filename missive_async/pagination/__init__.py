"""Lists that come in pages: items, pages, cursors to go on from. Reference: section 2.2 of the 2026 page."""

from missive_async.pagination.pager import Page, Pager, offset_pager, once_pager, until_pager

__all__ = ["Page", "Pager", "offset_pager", "once_pager", "until_pager"]
