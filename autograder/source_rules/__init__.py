"""Rules about source code, for `forbid()`: names, imports, calls, loops, patterns. For authors of checks."""
