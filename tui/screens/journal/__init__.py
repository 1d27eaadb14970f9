"""The journal: the steering sessions there are, what each adds up to, and what can be taken out of them."""
