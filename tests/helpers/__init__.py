"""What tests share: servers, schemas, callers, the model of the rules."""

from pathlib import Path

#: The top of the repository.
TOP = Path(__file__).parents[2]
