"""How good an lm with an adapter is: likelihood of held-out answers, and replies as people would get them."""
