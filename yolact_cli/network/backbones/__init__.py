"""Feature extractors: a picture in, three levels of features out."""
