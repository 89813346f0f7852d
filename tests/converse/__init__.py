"""One file of tools, spoken to in every revision, over every transport, by every client."""
