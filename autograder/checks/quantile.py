"""The quantiles of the normal distribution, to the same bit on every machine.

Only additions, multiplications, divisions and square roots are used, which IEEE 754 defines to the last bit. NumPy's
and torch's own logarithms and normal values may differ between processors.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# M. J. Wichura (1988), "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37.
# Numerators and denominators of PPND16, from the constant term up.
_MIDDLE = (
    (3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4),
    (4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3),
    (1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3),
    (2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3),
)
_TAIL = (
    (1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0),
    (1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4),
    (1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1),
    (1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9),
)
_LOG_2 = 0.6931471805599453
_ROOT_HALF = 0.7071067811865476


def normal_quantile(p: Floats) -> Floats:
    """Compute x with P(X <= x) = p for a standard normal X; values beyond 6.6 are rounded to 6.6.

    Shapes:
        p    (N,)  float64, (0, 1)
        out  (N,)  float64
    """
    q = p - 0.5
    r = 0.180625 - q * q
    x = q * _ratio(_MIDDLE, r)
    tails = r < 0
    nearest = np.minimum(p[tails], 1.0 - p[tails])
    r = np.minimum(np.sqrt(-_log(nearest)), 5.0) - 1.6
    x[tails] = np.sign(q[tails]) * _ratio(_TAIL, r)
    return x


def _ratio(rows: tuple[tuple[float, ...], ...], r: Floats) -> Floats:
    return _polynomial(rows[0] + rows[1], r) / _polynomial(rows[2] + rows[3], r)


def _polynomial(coefficients: tuple[float, ...], r: Floats) -> Floats:
    value = np.full_like(r, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        value = value * r + coefficient
    return value


def _log(x: Floats) -> Floats:
    """Compute log x = (e - 1/2) log 2 + 2 artanh((m - w) / (m + w)) for x = m 2^e, w = sqrt(1/2)."""
    m, e = np.frexp(x)
    s = (m - _ROOT_HALF) / (m + _ROOT_HALF)
    series = _polynomial(tuple(1.0 / n for n in range(1, 25, 2)), s * s)  # |s| < 0.172: the rest is below 1e-19
    return (e - 0.5) * _LOG_2 + 2.0 * s * series
