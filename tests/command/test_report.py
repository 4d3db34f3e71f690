"""The report says how many labels are right, why, and what to do, before all else."""

import re
from html import unescape
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from sklearn.datasets import load_wine

from sklearn_lga import LGAClassifier, table_pipeline
from sklearn_lga._command import main, verdict
from sklearn_lga._command.model import HeldOut
from sklearn_lga._command.target import Target
from sklearn_lga.datasets import hide_labels

SECTIONS = [
    "What to do",
    "What the labels depend on",
    "Given and imputed labels",
    "Where they are",
    "How the training went",
    "How the table was read",
    "The numbers in full",
]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The wines' report and table; few are named, and two rows are empty."""
    folder = tmp_path_factory.mktemp("report")
    wine = load_wine(as_frame=True)
    names = wine.target_names[wine.target].astype(object)
    marked = hide_labels(names, n_labeled=40, random_state=0, unlabeled=None)
    frame = wine.data.iloc[:, :5].assign(id=wine.data.index, wine=marked)
    frame.loc[[4, 9], :] = np.nan
    frame.to_csv(folder / "wine.csv", index=False)
    command = ["label", str(folder / "wine.csv"), "--target", "wine", "--quiet"]
    command += ["--output", str(folder / "out.csv"), "--max-epochs", "3"]
    assert main([*command, "--report", str(folder / "report.html")]) == 0
    page = (folder / "report.html").read_text(encoding="utf-8")
    return page, pd.read_csv(folder / "out.csv")


def text_of(page):
    text = re.sub("<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(text))


def test_sections_stand_in_the_order_of_a_reader(report):
    page, _ = report
    assert re.findall("<h2>(.*?)</h2>", page) == SECTIONS
    assert page.index('class="verdict"') < page.index("<h2>")


def test_the_verdict_counts_what_was_found(report):
    page, table = report
    text = text_of(page)
    n_imputed = (table["wine_source"] == "imputed").sum()
    given = (table["wine_source"] == "given").sum()
    assert f"{n_imputed} of the labels of “wine” were filled in, by {given}" in text
    about, share, low, high, right, n = map(
        int,
        re.search(
            r"About (\d+) of them \((\d+)%; between (\d+)% and (\d+)%\) are expected "
            r"to be right: (\d+) of (\d+) given labels were found again",
            text,
        ).groups(),
    )
    assert n == given
    assert about == round(n_imputed * right / n)
    assert share == round(100 * right / n)
    assert low < share < high
    # Held back one part at a time: as many hits as the mean of the folds says.
    mean = float(re.search(r"cross-validated accuracy (\d\.\d+)", text)[1])
    assert mean == pytest.approx(right / n, abs=0.03)
    confidence = table["wine_confidence"][table["wine_source"] == "imputed"].mean()
    stated = int(re.search(r"imputed labels are (\d+)% on average", text)[1])
    assert stated == pytest.approx(100 * confidence, abs=1)


def test_the_next_rows_are_the_least_sure(report):
    page, table = report
    start = page.index("most worth labelling next")
    rows = re.findall(
        r'<th scope="row">(\d+)</th><td>(.*?)</td><td>(.*?)</td><td>(.*?)</td>',
        page[start : page.index("<h2>", start)],
    )
    assert len(rows) == 20
    numbers = np.array([int(row[0]) for row in rows])
    imputed = table["wine_confidence"].where(table["wine_source"] == "imputed")
    least = imputed.nsmallest(20)
    np.testing.assert_allclose(
        imputed[numbers - 1], least, atol=1e-3
    )  # the report rounds
    for number, label, _, other in rows:
        assert table["wine"][int(number) - 1] == label != other


def test_how_the_table_was_read_is_told(report):
    text = text_of(report[0])
    assert "left out, as it numbers the rows: 'id'" in text
    assert "rows that are empty stay so: 2" in text


def test_the_line_of_python_fits_the_same(report):
    page, table = report
    line = re.search(r"model = (.*?)</pre>", page)[1]
    y = table["wine"].where(table["wine_source"] == "given")
    used = table["wine_source"].notna()
    X, y = table.iloc[:, :5][used], y[used].to_numpy(dtype=object)
    names = {"table_pipeline": table_pipeline, "LGAClassifier": LGAClassifier}
    model = eval(line, names | {"np": np, "X": X, "y": y})
    labels = model[-1].transduction_
    assert (labels == table["wine"][used]).mean() > 0.97  # floats were rounded in CSV


@pytest.mark.parametrize(("hits", "n"), [(0, 5), (7, 18), (28, 30), (40, 40)])
def test_interval(hits, n):
    interval = binomtest(hits, n).proportion_ci(method="wilson")
    low, high = verdict.wilson(np.arange(n) < hits)
    assert (low, high) == pytest.approx((interval.low, interval.high), abs=1e-4)


def some(confidence, right, told):
    """A target of ten given labels and others, and what held-back ones tell."""
    n = len(confidence)
    y = np.array(["a"] * 6 + ["b"] * 4 + [None] * n, dtype=object)
    target = Target(y, np.arange(10 + n) >= 10, "classification")
    distributions = np.ones((10 + n, 2))
    distributions[10:, 0] = confidence
    distributions[:, 1] = 1.0 - distributions[:, 0]
    estimator = SimpleNamespace(
        label_distributions_=distributions,
        classes_=np.array(["a", "b"]),
        evidence_=SimpleNamespace(accuracy=None, loss=None, n_rows=0),
    )
    scores = np.ones(2) if len(right) else np.empty(0)
    return target, estimator, HeldOut(scores, np.array(right, bool), np.array(told))


@pytest.mark.parametrize(
    ("confidence", "n_right", "says"),
    [
        ([0.9] * 20, 18, "which agrees"),
        ([0.99] * 20, 10, "more than the 50% that were found: take them as an order"),
        ([0.55] * 20, 20, "less than the 100% found: they are cautious"),
    ],
)
def test_confidence_and_what_was_found(confidence, n_right, says):
    case = some(confidence, np.arange(20) < n_right, np.full(20, 0.9))
    text = verdict.reconciled(*case)
    assert says in text
    assert "To write “a” everywhere would be right for 60%" in text
    assert ("little is gained" in text) == (n_right == 10)


def test_the_fits_own_estimate_is_told_where_it_differs():
    target, estimator, held_out = some([0.9] * 20, np.arange(20) < 10, np.full(20, 0.9))
    for own, told in ((0.9, True), (0.5, False)):
        estimator.evidence_ = SimpleNamespace(accuracy=own)
        text = verdict.reconciled(target, estimator, held_out)
        assert ("The fit's own estimate, 90%" in text) == told


def test_labels_to_check():
    told = np.repeat([0.6, 0.85, 0.97], 20)
    right = np.concatenate([np.arange(20) < 10, np.arange(20) < 18, np.ones(20)])
    case = some(np.repeat([0.6, 0.85, 0.97], [5, 7, 11]), right, told)
    # At 0.8 were 38 of 40 right, which are 95 %.
    assert "Check the 5 labels of a confidence below 0.8" in verdict.to_check(*case)
    assert "The 18 others can be used" in verdict.to_check(*case)
    case = some([0.6] * 9, [True] * 9, [0.99] * 9)
    assert "Check all that matter" in verdict.to_check(*case)  # nine tell too little
    case = some([0.6] * 9, [True] * 10, [0.6] * 10)
    assert "All can be used" in verdict.to_check(*case)


def test_where_nothing_tells():
    target, estimator, held_out = some([0.6] * 9, [], [])
    assert "give each class a second one" in verdict.verdict(
        "y", target, estimator, held_out
    )
    estimator.evidence_ = SimpleNamespace(accuracy=0.75, loss=0.5, n_rows=8)
    text = verdict.verdict("y", target, estimator, held_out)
    assert "About 7 of them (75%" in text
    assert "by 8 labels that it held back itself" in text


@pytest.mark.parametrize(("error", "gained"), [(0.5, True), (3.0, False)])
def test_targets(error, gained):
    y = np.r_[np.linspace(0.0, 4000.0, 9), np.nan, np.nan]
    target = Target(y, np.isnan(y), "regression")
    errors = np.full(9, error * np.nanstd(y))
    held_out = HeldOut(np.ones(2), errors=errors)
    text = verdict.verdict("y", target, None, held_out)
    assert f"off by about {errors[0]:,.0f} (root mean square)" in text
    assert f"their mean everywhere would be off by {np.nanstd(y):,.0f}" in text
    assert ("nothing is gained" not in text) == gained
