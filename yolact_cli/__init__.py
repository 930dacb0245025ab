"""Instance masks for folders of photographs: YOLACT and YOLACT++ on the command line."""
