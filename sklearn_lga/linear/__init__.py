"""Label gradient alignment in linear regression, exactly (Section 3.1).

Everything is computed from the moments of the data, in float64, with no loop over
rows: with n_l labelled and n_u unlabelled rows,

    A_l = X_l' X_l / n_l      A_u = X_u' X_u / n_u      b = X_l' y_l / n_l

Equation numbers are those of Jackson and Schulman, "Semi-Supervised Learning by Label
Gradient Alignment" (2019).

NOTE: departures from the paper's formulas. Eq. 27 drops the factor lambda_i^u / n_u of
a_k, and the update of a_k in Appendix A drops -alpha_w; both are restored here. Eq. 11
has a factor 1/2 that Algorithm 1 has not; here it is as in Eq. 11.
"""

from ._closed_form import lga_closed_form
from ._moments import Moments, data_moments
from ._path import LGAPath, lga_path, lga_path_from_moments
from ._stability import default_step_sizes, fixed_point, spectral_radius
from ._supervised import convergence_coefficients, gradient_descent_path, least_squares

__all__ = [
    "LGAPath",
    "Moments",
    "convergence_coefficients",
    "data_moments",
    "default_step_sizes",
    "fixed_point",
    "gradient_descent_path",
    "least_squares",
    "lga_closed_form",
    "lga_path",
    "lga_path_from_moments",
    "spectral_radius",
]
