"""What is logged: the logger of the library, what is hidden, and how it reaches standard error.

Nothing is written for a program that has not asked for it: the logger has a handler that does
nothing. `import fastmcp` does not come by here.
"""

import logging

logging.getLogger("fastmcp").addHandler(logging.NullHandler())
