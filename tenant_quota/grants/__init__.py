"""`grants`: who may do what, as least-privilege SQL, and what a server grants already."""
