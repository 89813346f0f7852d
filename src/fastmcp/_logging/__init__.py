"""What is logged: the logger of the library, what is hidden, and how it reaches standard error.

Nothing is written for a program that has not asked for it: the logger has a handler that writes
nothing, and keeps the warnings for when a server is served. `import fastmcp` does not come by here.
"""

import logging

from .early import EARLY

logging.getLogger("fastmcp").addHandler(EARLY)
