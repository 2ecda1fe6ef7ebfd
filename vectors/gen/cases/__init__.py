"""The vectors of each page: every module has `files()`."""
