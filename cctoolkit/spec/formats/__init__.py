"""Problems as other programs read them: one module a format. Each writes names and values of any content safely."""
