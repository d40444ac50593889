"""The mathematics on features: from frozen features to a weight for every sample.

Notation, as in the paper (SINet: Cheng et al. 2020, Weakly Supervised Learning with Side
Information for Noisy Labeled Images): N samples, C classes; x (D) is a feature of the frozen
encoder, g (d) the adapted feature, y the given label; S_t (C, C) relates the classes by side
information. Rows of g and prototypes have unit length. A label of -1 is no label: such a row
is counted in no sum, yet compared with every class.

`method` runs the stages in order; everything else is one stage each.
"""
