"""How fast an old database comes over, beside pgloader's bare copy of the same rows."""
