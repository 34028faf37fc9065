"""`plan`: what `apply` and `rollback` would run, as a file for the mysql client alone."""
