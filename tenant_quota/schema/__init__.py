"""A live schema as facts, what this version ships as facts, and the difference: `verify`."""
