"""Exports and API dumps of known systems, recognised by their columns and read into canonical rows.

Rows come in as objects or as one table of text, wherever they came from; frames go out. One
module per kind of layout; `catalogue` lists them all.
"""
