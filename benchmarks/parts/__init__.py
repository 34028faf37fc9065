"""What is measured, a module each: TITLE, NEEDS (programs) and run(bench) -> Cases."""
