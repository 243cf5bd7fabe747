"""The flywheel, one verb a file: rate, pair, freeze, train, evaluate, promote; and withdraw, which undoes them."""
