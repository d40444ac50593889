"""Out-of-sample predictions of a logistic regression, which several methods start from."""

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

FOLDS = 5
C = 1.0
"""scikit-learn's default; with its default solver, lbfgs, on features of unit length."""
MAX_ITERATIONS = 1000


def predict(features: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Predict each row (n, C) by a regression that was fitted to the other folds."""
    probabilities: NDArray[np.float64] = cross_val_predict(
        LogisticRegression(C=C, max_iter=MAX_ITERATIONS),
        features,
        labels,
        cv=StratifiedKFold(FOLDS, shuffle=True, random_state=0),
        method="predict_proba",
    )
    return probabilities
