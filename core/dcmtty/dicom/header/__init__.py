"""Headers of many files quickly: chosen attributes from one small read and a bounded walk."""
