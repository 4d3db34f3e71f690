"""How many labels are right, and what to do about the others, in words."""

import numpy as np

LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99)
"""Confidences that labels are counted by."""

WANTED, MIN_HELD_OUT = 0.95, 10
"""Labels can be used as they are from the level on where so many of at least that many
held-back ones were right."""

MAX_NEXT = 20
"""Rows to label next."""


def verdict(name, target, estimator, held_out):
    """Two sentences: how many labels, and how many of them are expected to be right.

    Parameters
    ----------
    name : str
        Of the label column.

    target : Target

    estimator : estimator
        Fitted.

    held_out : HeldOut

    Returns
    -------
    sentences : str
    """
    n_imputed = int(target.unlabeled.sum())
    n_given = len(target.y) - n_imputed
    first = (
        f"{n_imputed:,} of the labels of “{name}” were filled in, by {n_given:,} that "
        "were given."
    )
    if target.task == "regression":
        return f"{first} {expected_error(held_out, estimator, target)}"
    return f"{first} {expected_right(held_out, estimator, n_imputed)}"


def expected_right(held_out, estimator, n_imputed):
    """The sentence on classes."""
    n, share, evidence = len(held_out.scores), None, estimator.evidence_
    if n:
        share, interval = held_out.right.mean(), wilson(held_out.right)
        why = (
            f"{held_out.right.sum():,} of {len(held_out.right):,} given labels were "
            f"found again when they were held back, one of {n} parts at a time"
        )
    elif evidence.accuracy is not None:
        share, n_told = evidence.accuracy, evidence.n_rows
        interval = wilson(np.arange(n_told) < share * n_told)
        why = f"the fit tells by {n_told} labels that it held back itself"
    if share is None:
        return (
            "Nothing tells how many of them are right, as no class but one has two "
            "labels: give each class a second one."
        )
    low, high = interval
    return (
        f"About {share * n_imputed:,.0f} of them ({share:.0%}; between {low:.0%} and "
        f"{high:.0%}) are expected to be right: {why}."
    )


def expected_error(held_out, estimator, target):
    """The sentence on targets."""
    given = target.y[~target.unlabeled]
    if len(held_out.scores):
        error = np.sqrt(np.mean(held_out.errors**2))
        why = f"as {len(held_out.errors):,} given ones were when they were held back"
    elif estimator.evidence_.loss is not None:
        error = np.sqrt(estimator.evidence_.loss) * given.std()
        why = "by those that the fit held back itself"
    else:
        return "Nothing tells how far off they are: give more of them."
    gain = ", so that nothing is gained so far" if error >= given.std() else ""
    return (
        f"Each is expected to be off by about {rounded(error)} (root mean square), "
        f"{why}; their mean everywhere would be off by {rounded(given.std())}{gain}."
    )


def rounded(value):
    """Three digits of a number, or all before the point."""
    return f"{value:,.0f}" if abs(value) >= 1000.0 else f"{value:.3g}"


def wilson(right, z=1.96):
    """Wilson's interval of 95 % for a share of hits."""
    n, share = len(right), np.mean(right)
    center = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2) / (1 + z * z / n)
    return max(0.0, center - half), min(1.0, center + half)


def reconciled(target, estimator, held_out):
    """Sentences on what confidence says beside what was found, and what a guess would.

    Parameters
    ----------
    target : Target
        Classes.

    estimator : estimator
        Fitted.

    held_out : HeldOut

    Returns
    -------
    sentences : str
    """
    labels, counts = np.unique(target.y[~target.unlabeled], return_counts=True)
    guess = counts.max() / counts.sum()
    said = f"“{labels[counts.argmax()]}” everywhere would be right for {guess:.0%}"
    mean = confidences(target, estimator).mean()
    text = f"The confidences beside the imputed labels are {mean:.0%} on average"
    if not len(held_out.scores):
        return f"{text}. To write {said}."
    low, high = wilson(held_out.right)
    if low <= mean <= high:
        text += ", which agrees"
    elif mean > high:
        text += (
            f", more than the {held_out.right.mean():.0%} that were found: take them "
            "as an order, and go by the last column of the table of confidences"
        )
    else:
        text += f", less than the {held_out.right.mean():.0%} found: they are cautious"
    own = estimator.evidence_.accuracy
    if own is not None and not low <= own <= high:
        text += (
            f". The fit's own estimate, {own:.0%}, is by labels that have chosen its "
            "weights, too: go by the verdict"
        )
    clearly = (
        "" if low > guess else ", so that little is gained so far: label more rows"
    )
    return f"{text}. To write {said}{clearly}."


def confidences(target, estimator):
    """The probability of each imputed label."""
    return estimator.label_distributions_[target.unlabeled].max(axis=1)


def levels(target, estimator, held_out):
    """Imputed labels, and held-back ones, by their confidence.

    Returns
    -------
    rows : list of tuple
        The level, how many imputed labels reach it, how many held-back ones do, and
        how many of these were right.
    """
    imputed, rows = confidences(target, estimator), []
    for level in LEVELS:
        reach = np.zeros(0, bool)
        if len(held_out.scores):
            reach = held_out.right[held_out.confidence >= level]
        rows.append(
            (level, int((imputed >= level).sum()), len(reach), int(reach.sum()))
        )
    return rows


def to_check(target, estimator, held_out):
    """The sentence on labels below which confidence to check by hand."""
    rows, n_imputed = levels(target, estimator, held_out), int(target.unlabeled.sum())
    for level, n_reach, n_told, n_right in rows:
        if n_told >= MIN_HELD_OUT and n_right >= WANTED * n_told:
            if n_reach == n_imputed:
                return (
                    f"All can be used: of held-back labels {n_right:,} of {n_told:,} "
                    "were right."
                )
            return (
                f"Check the {n_imputed - n_reach:,} labels of a confidence below "
                f"{level} by hand, or leave them out. The {n_reach:,} others can be "
                f"used: of held-back labels at that level {n_right:,} of {n_told:,} "
                "were right."
            )
    return (
        f"Check all that matter by hand: at no confidence were {WANTED:.0%} of at "
        f"least {MIN_HELD_OUT} held-back labels right."
    )


def next_rows(data, estimator):
    """The rows most worth labelling: those whose labels are the least sure.

    Parameters
    ----------
    data : LabelData

    estimator : estimator
        Fitted to classes.

    Returns
    -------
    rows : list of tuple
        The row's number in the table, from 1 on, its label and confidence, and the
        class that is the next probable.
    """
    hidden = np.flatnonzero(data.target.unlabeled)
    distributions = estimator.label_distributions_[hidden]
    order = np.argsort(distributions.max(axis=1), kind="stable")[:MAX_NEXT]
    ranked = np.argsort(-distributions[order], axis=1)
    numbers = np.flatnonzero(data.used)[hidden[order]] + 1
    return [
        (
            number,
            estimator.classes_[best],
            f"{row[best]:.3f}",
            estimator.classes_[second],
        )
        for number, row, (best, second, *_) in zip(
            numbers.tolist(), distributions[order], ranked, strict=True
        )
    ]
