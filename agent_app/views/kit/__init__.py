"""The base widgets and the look (tokens, icons, fonts, style) that every view is built from."""
