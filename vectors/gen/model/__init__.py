"""The protocol, written a second time: from the pages in specs/, never from our Rust."""
