"""The mathematics on features: from frozen features to a weight for every sample.

Notation, as in the paper (SINet: Cheng et al. 2020, Weakly Supervised Learning with Side
Information for Noisy Labeled Images): N samples, C classes; x (D) is a feature of the frozen
encoder, g (d) the adapted feature, y the given label; S_t (C, C) relates the classes by side
information. Rows of g and prototypes have unit length. A label of -1 means no label: such a row
counts in no sum, but is compared with every class.

`engine` has what all stages use, `fit` what is fitted to a crawl, and `score` what is computed for
each row. `method` runs the stages in the order of the paper.
"""
