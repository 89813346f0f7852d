"""The version of this distribution."""

VERSION = "1.0.0"
