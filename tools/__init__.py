"""What makes, checks and ships the project, and is no test."""
