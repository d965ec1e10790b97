"""The common log format and the combined one, as nginx, Apache and many others write them."""
