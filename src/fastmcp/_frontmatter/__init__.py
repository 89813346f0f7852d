"""Frontmatter: the YAML at the head of a skill's main file, as far as skills use it."""
