"""How good predictions are: COCO's figures and how sure they are. Plain COCO records in."""
