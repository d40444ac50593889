"""Class relation graphs: names in, (C, C) similarities out."""
