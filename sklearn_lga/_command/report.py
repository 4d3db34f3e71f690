"""The report: one page that needs no other file."""

import base64
import io
from html import escape
from importlib.resources import files
from string import Template

import numpy as np

from .. import __version__
from ..inspection import TrainingDisplay, TransductionDisplay
from ..inspection._relevance import most_relevant, names_of_features
from . import verdict
from .model import cross_validate

STYLES = {"light": "default", "dark": "dark_background"}
MAX_COLUMNS = 15

RELEVANCE = """\
<h2>What the labels depend on</h2>
<p>Each column's share in telling the labels, learned from those that were given.
Columns that say the same divide a share among them, or one of them takes it all.</p>
"""

NEXT = """\
<h3>The {n} rows most worth labelling next</h3>
<p>Their labels are the least sure. Rows are counted from 1 below the header.</p>
"""


def make_report(model, data, notes, options):
    """The HTML page.

    Parameters
    ----------
    model : Pipeline
        Fitted.

    data : LabelData
        What it was fitted on.

    notes : list of str
        How the table was read.

    options : Namespace
        The command's.
    """
    template = files(__package__).joinpath("report.html").read_text(encoding="utf-8")
    frame, target, estimator = data.frame, data.target, model[-1]
    held_out = cross_validate(frame, target, options)
    return Template(template).substitute(
        name=escape(options.target),
        verdict=escape(verdict.verdict(options.target, target, estimator, held_out)),
        todo=_todo(data, estimator, held_out),
        labels=_labels(estimator, target, held_out),
        relevance=_relevance(model),
        transduction=_picture(
            lambda: TransductionDisplay.from_estimator(model, frame, target.y),
            "Given and imputed labels on the first two principal components",
        ),
        course=escape(_course(estimator)),
        training=_picture(
            lambda: TrainingDisplay.from_estimator(model),
            "Losses, alignment distance, agreement and T(i) over the epochs",
        ),
        notes=_notes(notes),
        facts=_facts(target, held_out.scores, estimator, options),
        estimator=type(estimator).__name__,
        line=escape(_line(estimator, options)),
    )


def _todo(data, estimator, held_out):
    """What to do: what to trust, what to check, what to label next."""
    target = data.target
    if target.task == "regression":
        return (
            "<p>Hold the expected error against what the targets are for. Where it is "
            "too large, give more of them, in rows unlike those that have one.</p>"
        )
    rows = verdict.next_rows(data, estimator)
    header = ["row", "label", "confidence", "or else"]
    return "".join(
        [
            f"<p>{escape(verdict.to_check(target, estimator, held_out))}</p>",
            f"<p>{escape(verdict.reconciled(target, estimator, held_out))}</p>",
            NEXT.format(n=len(rows)),
            _table(header, rows),
        ]
    )


def _course(estimator):
    """How the training went, in plain words."""
    plan, views = estimator.plan_, estimator.evidence_.views
    text = (
        f"The network saw {plan.n_rows:,} rows without a label in {plan.n_epochs:,} "
        f"passes, {plan.n_steps:,} steps."
    )
    if "network" in views:
        share = views["network"].weight
        text += (
            f" Its word counts {share:.0%} in the labels; the rest is kernel "
            "regression and trees, which answer before it is trained. Held-back "
            "labels have chosen these shares."
        )
    return text


def _line(estimator, options):
    """The line of Python that fits the same; y has np.nan or None where it is empty."""
    settings = f"unlabeled=np.nan, random_state={options.seed}"
    if options.max_epochs is not None:
        settings += f", max_epochs={options.max_epochs}"
    return f"table_pipeline({type(estimator).__name__}({settings})).fit(X, y)"


def _notes(notes):
    """How the table was read, where it could have been read otherwise."""
    if not notes:
        return ""
    items = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return f"<h2>How the table was read</h2><ul>{items}</ul>"


def _facts(target, scores, estimator, options):
    given, n_rows = target.y[~target.unlabeled], len(target.y)
    # Beside the score stands what a model reaches that knows no feature.
    if target.task == "classification":
        share = np.unique(given, return_counts=True)[1].max() / len(given)
        metric, chance = "accuracy", ("most frequent class", f"{share:.3f}")
    else:
        metric, chance = "R²", ("mean target", "0")
    score = "not computed: a class has one label only"
    if len(scores):
        score = f"{scores.mean():.3f} ± {scores.std():.3f} ({len(scores)} folds)"
    rows = {
        "table": options.table.name,
        "rows": n_rows,
        "labels given": len(given),
        "labels imputed": n_rows - len(given),
        "task": target.task,
        f"cross-validated {metric}": score,
        f"{metric} of the {chance[0]}": chance[1],
        **_expected(estimator.evidence_, given),
        "seed": options.seed,
        "sklearn_lga": __version__,
    }
    return "".join(_row(*row) for row in rows.items())


def _expected(evidence, given):
    """What the fit itself expects of its labels, as a fact; none if no row tells.

    Its weights are chosen by the same rows.
    """
    if evidence.loss is None:
        return {}
    source = f"by {evidence.n_rows} labelled rows that it held out"
    if evidence.accuracy is None:
        error = verdict.rounded(np.sqrt(evidence.loss) * given.std())
        return {"error by the fit itself": f"{error}, root mean square, {source}"}
    return {"accuracy by the fit itself": f"{evidence.accuracy:.3f}, {source}"}


def _relevance(model):
    """The section on what the labels depend on; nothing where nothing tells it."""
    estimator = model[-1]
    relevance = getattr(estimator, "relevance_", None)
    if relevance is None or not estimator.evidence_.n_rows:
        return ""
    names, shares = most_relevant(
        relevance, names_of_features(model, estimator), MAX_COLUMNS
    )
    rows = [[name, f"{share:.1%}"] for name, share in zip(names, shares, strict=True)]
    return RELEVANCE + _table(["column", "share"], rows)


def _labels(estimator, target, held_out):
    """Tables of the given and the imputed labels."""
    given, imputed = (
        estimator.transduction_[mask] for mask in (~target.unlabeled, target.unlabeled)
    )
    if target.task == "regression":
        measures = {"mean": np.mean, "std. dev.": np.std, "min": np.min, "max": np.max}
        return _table(
            ["target", "given", "imputed"],
            [
                [name, f"{measure(given):.6g}", f"{measure(imputed):.6g}"]
                for name, measure in measures.items()
            ],
        )
    confidence = verdict.confidences(target, estimator)
    counts = []
    for label in estimator.classes_:
        chosen = confidence[imputed == label]
        mean = f"{chosen.mean():.3f}" if len(chosen) else ""
        counts.append([label, (given == label).sum(), len(chosen), mean])
    levels = [
        [
            level,
            n_reach,
            f"{n_reach / len(confidence):.1%}",
            f"{n_right} of {n_told}" if n_told else "",
        ]
        for level, n_reach, n_told, n_right in verdict.levels(
            target, estimator, held_out
        )
    ]
    return _table(["class", "given", "imputed", "mean confidence"], counts) + _table(
        ["confidence at least", "imputed", "share", "held back, right"], levels
    )


def _row(first, *rest):
    cells = "".join(f"<td>{escape(str(value))}</td>" for value in rest)
    return f'<tr><th scope="row">{escape(str(first))}</th>{cells}</tr>'


def _table(header, rows):
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in header)
    body = "".join(_row(*row) for row in rows)
    return (
        f'<div class="wide"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _picture(draw, text):
    """A picture for light and one for dark screens, as data."""
    sources = {name: _png(draw, style) for name, style in STYLES.items()}
    return (
        f'<picture><source media="screen and (prefers-color-scheme: dark)" '
        f'srcset="{sources["dark"]}"><img src="{sources["light"]}" '
        f'alt="{escape(text)}"></picture>'
    )


def _png(draw, style):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    buffer = io.BytesIO()
    with plt.style.context(style):
        figure = draw().figure_
        figure.savefig(buffer, format="png", dpi=110, transparent=True)
        plt.close(figure)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
