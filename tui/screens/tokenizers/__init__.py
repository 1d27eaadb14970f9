"""The tokenizer screen: what there is, how well each cuts a text, and where a token is."""
