"""Imported in the process that workers are split off from, so that none of them imports these again."""

import lightgbm
import sklearn.discriminant_analysis
import sklearn.ensemble
import sklearn.impute
import sklearn.linear_model
import sklearn.metrics
import sklearn.model_selection
import sklearn.naive_bayes
import sklearn.neighbors
import sklearn.preprocessing
import sklearn.svm
import sklearn.tree

__all__ = ["lightgbm", "sklearn"]
