"""Parts for a few: methods of a class as components, bulk calls, switching components by HTTP."""
