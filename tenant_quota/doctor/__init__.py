"""`doctor`: whether quotas are safe on this server, and well."""
