"""PicMa's image API: a task is made of a picture's URL, asked for or told of, and deleted."""
