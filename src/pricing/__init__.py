"""Products: their daily prices and quantities, and the models that forecast them."""
