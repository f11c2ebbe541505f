"""The public pages: what the ledger holds, for people, in English and Ukrainian, without scripts.

`/uk/…` and `/en/…` fix the language of an address; without either it is the one that the browser prefers.

languages, writing  what is said, and how numbers and days are written
visits, looking     what is asked, and what is read to answer it
contents, figures, acts   what the pages of obligations and of the log show
sanctions, crises         measures, notified aggression, consultations and their clocks
needs, statistics, charts what is needed, what is to come, totals over time
observations              what third parties say
rendering           templates, headers, errors
routes              which address is which page
"""

from api.pages.rendering import error_page
from api.pages.routes import STATIC_PATH, missing_page, router, static_files, wants_page

__all__ = ["STATIC_PATH", "error_page", "missing_page", "router", "static_files", "wants_page"]
