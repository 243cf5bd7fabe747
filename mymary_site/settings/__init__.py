"""base (Django), mary (the product's own), and one thin file per place: dev, test, prod."""
