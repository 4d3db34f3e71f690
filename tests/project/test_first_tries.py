"""The tables that people try first: each is drawn, and every method has a line."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

BENCHMARKS = Path(__file__).parents[2] / "examples" / "benchmarks"


def test_it_runs_and_reports(monkeypatch, capsys):
    pytest.importorskip("pandas")
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.setattr("torch.set_num_threads", lambda n: None)
    import first_tries
    from small_tables import draw

    for name in ("circles", "s-curve"):
        X, y, marked = draw(name, 20, 0)
        assert np.sum(marked == y) == 20
        X_again, *_ = draw(name, 20, 0)
        assert_allclose(X, X_again)
    peers = {"circles": "ExtraTrees", "moons": "ExtraTrees", "s-curve": "RidgeCV"}
    lines = [
        first_tries.run(name, 20, 0, method)
        for name, peer in peers.items()
        for method in ("closed form", peer)
    ]
    assert not any("error" in line for line in lines)
    first_tries.report(lines)
    assert "lead on the best peer" in capsys.readouterr().out


def test_the_frontier(monkeypatch, tmp_path, capsys):
    """No setting is both faster than one on the line and at least as good."""
    pytest.importorskip("pandas")
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import pandas as pd
    import plot_frontier

    random = np.random.RandomState(0)
    columns = ["seconds", "mean"]
    for sign in (1, -1):
        found = pd.DataFrame(random.rand(30, 2), columns=columns)
        line = plot_frontier.frontier(found, sign)
        beaten = [
            any((found["seconds"] < s) & (sign * found["mean"] >= sign * m))
            for s, m in found.to_numpy()
        ]
        assert sorted(line.index) == list(np.flatnonzero(~np.array(beaten)))
    picture = tmp_path / "frontier.png"
    monkeypatch.setattr("sys.argv", ["plot_frontier.py", "--picture", str(picture)])
    plot_frontier.main()
    assert picture.stat().st_size > 10_000
    assert "defaults" in capsys.readouterr().out
