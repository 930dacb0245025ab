"""One file a label format, its reader and its writer together."""
