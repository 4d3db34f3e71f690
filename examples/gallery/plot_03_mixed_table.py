"""
A table of mixed columns
========================

Numbers with gaps, categories and a DataFrame: everything before the classifier is
scikit-learn's. Labels are text, and None where there is none.
"""

# %%
# A made-up table of 2,000 customers, 200 of them with a known plan.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_lga import LGAClassifier
from sklearn_lga.inspection import TransductionDisplay
from sklearn_lga.model_selection import SemiSupervisedSplit

rng = np.random.RandomState(0)
n = 2000
X = pd.DataFrame(
    {
        "age": rng.normal(45, 14, n).clip(18, 90).round(),
        "income": rng.lognormal(10.3, 0.5, n).round(-2),
        "visits": rng.poisson(4, n),
        "region": rng.choice(["north", "south", "coast"], n),
        "device": rng.choice(["phone", "laptop", "none"], n, p=[0.6, 0.3, 0.1]),
    }
)
interest = (
    np.log(X.income)
    - 10.3
    - 0.02 * (X.age - 45)
    + 0.15 * (X.visits - 4)
    + 0.6 * (X.region == "coast")
    - 0.8 * (X.device == "none")
)
interest += 0.2 * rng.normal(size=n)
plan = np.array(["free", "basic", "premium"])[np.digitize(interest, [-0.2, 0.6])]
X.loc[rng.uniform(size=n) < 0.1, "income"] = np.nan
known = rng.permutation(n)[:200]
y = pd.Series(None, index=X.index, dtype=object)
y[known] = plan[known]
print(X.assign(plan=y).head())

# %%
# The pipeline. Numbers are filled in and scaled, categories made columns of 0 and 1.
numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
columns = make_column_transformer(
    (numbers, make_column_selector(dtype_include="number")),
    (OneHotEncoder(), make_column_selector(dtype_exclude="number")),
)
model = make_pipeline(columns, LGAClassifier(random_state=0)).fit(X, y)

labels = model[-1].transduction_
hidden = y.isna().to_numpy()
print(f"hidden labels right: {np.mean(labels[hidden] == plan[hidden]):.3f}")

# %%
# Cross-validation folds the labelled rows only; all others stay in the training part.
# ``y`` mixes text and None, which scikit-learn's own splitters refuse. Of 200 labels
# such a score has a standard error of 0.03.
quick = model.set_params(lgaclassifier__max_epochs=60)
scores = cross_val_score(quick, X, y, cv=SemiSupervisedSplit(3))
print(f"cross-validated accuracy: {scores.mean():.3f} +- {scores.std():.3f}")

# %%
# The labels on two columns of the table; the axes are as the table has them.
display = TransductionDisplay.from_estimator(model, X, y, features=["age", "income"])
display.ax_.set_yscale("log")
plt.show()
