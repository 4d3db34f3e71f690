"""The HTML representation that notebooks show."""

from html.parser import HTMLParser

import pytest
import sklearn
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.fixes import parse_version

from sklearn_lga import LGAClassifier


class Parameters(HTMLParser):
    """Names of parameters by the class of their row, "user-set" or "default"."""

    def __init__(self, html):
        super().__init__()
        self.row, self.in_name, self.names = None, False, {}
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        classes = dict(attrs).get("class") or ""
        if tag == "tr":
            self.row = classes
        self.in_name = tag == "td" and classes == "param"

    def handle_data(self, data):
        if self.in_name and data.strip():
            self.names.setdefault(self.row, []).append(data.strip())
            self.in_name = False


@pytest.mark.skipif(
    parse_version(sklearn.__version__) < parse_version("1.7"),
    reason="lists no parameters yet",
)
def test_changed_parameters_stand_out():
    model = LGAClassifier(lr=0.01).set_params(optimizer__betas=(0.8, 0.9))
    names = Parameters(model._repr_html_()).names
    assert set(names["user-set"]) == {"lr", "net_params", "optimizer__betas"}
    assert "label_lr" in names["default"]
    assert "LGAClassifier" in make_pipeline(StandardScaler(), model)._repr_html_()
