"""The subject segmenter: a small network taught by cut objects and people before other photos."""
