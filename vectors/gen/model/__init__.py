"""A second implementation of the protocol, written from the pages in specs/ and never from our Rust code."""
