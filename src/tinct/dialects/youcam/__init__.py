"""The YouCam Online Editor AI APIs: files, tasks, units, styles and webhooks, in versions 1.0, 1.1, 2.0 and 2.1."""
