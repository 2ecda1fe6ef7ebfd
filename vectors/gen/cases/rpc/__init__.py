"""Requests over JSON-RPC and what answers them."""
