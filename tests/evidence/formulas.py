"""The formulas of docs/evidence.md, term by term, in as many digits as `mpmath` is told to use: for cross_check.py.

Nothing here is clever, on purpose: no rearranged sums, no series, no shared parts with the Rust code. Slow.
"""

import mpmath
from mpmath import mp, mpf

mp.dps = 60


def rho(stratum_odds):
    canary, stable = stratum_odds
    return mpf(canary) / (canary + stable)


def log_sum_exp(terms):
    most = max(terms)
    return most + mpmath.log(mpmath.fsum(mpmath.exp(term - most) for term in terms))


# The ratio of rates.


def alternatives(kind, m):
    """(boundary, [(weight, delta)]), as docs/evidence.md has it."""
    tau = mpf("0.7")
    if kind in ("harm", "goal_harm"):
        boundary, sign = (1 + m, 1) if kind == "harm" else (1 - m, -1)
        far = mpmath.log(200)
        cells = [(mpf("1.5") * (i + mpf(1) / 2) / 30, mpf("1.5") / 30) for i in range(30)]
        width = (far - mpf("1.5")) / 30
        cells += [(mpf("1.5") + width * (i + mpf(1) / 2), width) for i in range(30)]
        bells = [w * mpmath.exp(-x * x / (2 * tau**2)) for x, w in cells]
        weights = [bell / mpmath.fsum(bells) / 2 + w / far / 2 for bell, (_, w) in zip(bells, cells)]
        return boundary, [(weight, boundary * mpmath.exp(sign * x)) for weight, (x, _) in zip(weights, cells)]
    boundary, sign = (1 + m, -1) if kind == "safe" else (1 - m, 1)
    xs = [(i + mpf(1) / 2) * 3 / 60 for i in range(60)]
    bells = [mpmath.exp(-x * x / (2 * tau**2)) for x in xs]
    weights = [bell / mpmath.fsum(bells) / 2 for bell in bells]
    return boundary, [(mpf(1) / 2, mpf(1))] + [(w, boundary * mpmath.exp(sign * x)) for w, x in zip(weights, xs)]


def ratio(kind, m, strata):
    boundary, others = alternatives(kind, mpf(m))

    def p(delta, r):
        return r * delta / (r * delta + 1 - r)

    terms = []
    for weight, delta in others:
        term = mpmath.log(weight)
        for canary, stable, *stratum_odds in strata:
            r = rho(stratum_odds)
            term += canary * mpmath.log(p(delta, r) / p(boundary, r))
            term += stable * mpmath.log((1 - p(delta, r)) / (1 - p(boundary, r)))
        terms.append(term)
    return log_sum_exp(terms)


def mixture(log_es):
    starts = len(log_es)
    terms = [log_e - mpmath.log(s * (s + 1)) for s, log_e in enumerate(log_es, 1)]
    return log_sum_exp(terms + [-mpmath.log(starts + 1)])


# Bets on trials.


def bets(strata, gains):
    logs = [mpf(0)] * 12
    for stratum in strata:
        counts, stratum_odds, before = stratum[:4], stratum[4:6], mpf(stratum[6])
        r = rho(stratum_odds)
        gain = gains(r, before)
        for i in range(12):
            stake = min(mpf("0.95") / -min(gain), mpf("0.02") * mpf(2) ** (mpf("0.75") * i) * r * (1 - r))
            logs[i] += mpmath.fsum(n * mpmath.log(1 + stake * z) for n, z in zip(counts, gain))
    return log_sum_exp(logs) - mpmath.log(12)


def alive(f, strata):
    f = mpf(f)

    def gains(r, g):
        return [
            -g / r + f * g,
            (1 - g) / r + f * g,
            (1 - f) * g / (1 - r) + f * g,
            -(1 - f) * (1 - g) / (1 - r) + f * g,
        ]

    return bets(strata, gains)


def margin(a, strata):
    a = mpf(a)

    def gains(r, b):
        return [a - (1 - b) / r, a + b / r, a + (1 - b) / (1 - r), a - b / (1 - r)]

    return bets(strata, gains)


def upper(alpha, strata):
    """The largest difference that is not excluded, by halving."""
    low, high = mpf(-1), mpf(1)
    for _ in range(60):
        middle = (low + high) / 2
        if margin(middle, strata) >= -mpmath.log(mpf(alpha)):
            high = middle
        else:
            low = middle
    return high


# Dirichlet mixtures.


def log_beta(parameters):
    return mpmath.fsum(mpmath.loggamma(x) for x in parameters) - mpmath.loggamma(mpmath.fsum(parameters))


def log_bf(k, parts):
    priors = [mpf(k) * share for share, _ in parts]
    with_counts = [prior + n for prior, (_, n) in zip(priors, parts)]
    of_null = mpmath.fsum(n * mpmath.log(share) for share, n in parts)
    return log_beta(with_counts) - log_beta(priors) - of_null


def concentration(t_opt):
    nats = 2 * mpmath.log(20)
    return max(mpf(t_opt) / (nats + mpmath.log(1 + nats)) - 1, mpf("0.001"))


def two_way(p, t_opt, hits, misses):
    p = mpf(p)
    return log_bf(concentration(t_opt), [(p, hits), (1 - p, misses)])


def rate(bad, n, alpha, t_opt):
    threshold = -mpmath.log(mpf(alpha))

    def end(outside):
        out, inside = mpf(outside), mpf(bad) / n
        if out == inside:
            return out
        for _ in range(150):
            middle = (out + inside) / 2
            if two_way(middle, t_opt, bad, n - bad) >= threshold:
                out = middle
            else:
                inside = middle
        return out

    return end(0), end(1)


def bounds(p, alpha, bins):
    """By asking of every count that can fall below whether it is excluded."""
    n = sum(values for _, values in bins)
    held = {below for below in range(n + 1) if two_way(p, 1000, below, n - below) < -mpmath.log(mpf(alpha))}
    return ends(held, bins)


def ends(held, bins):
    """The first and the last bin for which a count in `held` can fall below the quantile; None where values beyond all can hold it."""
    n = sum(values for _, values in bins)
    first, last, below = None, None, 0
    for number_of_bin, values in bins:
        if values and any(b in held for b in range(below, below + values + 1)):
            first = number_of_bin if first is None else first
            last = number_of_bin
        below += values
    return (None if 0 in held else first), (None if n in held else last)


def compare(p, t_opt, a, b):
    """The least of the two bets over all values that the quantile can have, by where a bet's derivative vanishes."""

    def bet(bins):
        n = sum(values for _, values in bins)
        k, share = concentration(t_opt), mpf(p)
        slope = lambda s: mpmath.psi(0, k * share + s) - mpmath.psi(0, k * (1 - share) + n - s) - mpmath.log(share / (1 - share))
        low, high = mpf(0), mpf(n)
        for _ in range(120):
            middle = (low + high) / 2
            low, high = (low, middle) if slope(middle) > 0 else (middle, high)

        def least(number):
            below = sum(values for bin, values in bins if bin < number)
            upto = sum(values for bin, values in bins if bin <= number)
            return two_way(p, t_opt, min(max(low, below), upto), n - min(max(low, below), upto))

        return least

    of_a, of_b = bet(a), bet(b)
    return min(of_a(number) + of_b(number) for number, _ in a + b)


def best(known):
    def density(met, failed, x):
        return mpmath.exp(met * mpmath.log(x) + failed * mpmath.log(1 - x) - log_beta([mpf(met + 1), mpf(failed + 1)]))

    shares = []
    for i, (met, failed) in enumerate(known):

        def integrand(x, i=i, met=met, failed=failed):
            value = density(met, failed, x)
            for j, (s, f) in enumerate(known):
                if j != i:
                    value *= mpmath.betainc(s + 1, f + 1, 0, x, regularized=True)
            return value

        shares.append(mpmath.quad(integrand, mpmath.linspace(0, 1, 33)))
    return shares


def gain(event_rate, true_ratio, boundary, r):
    event_rate, true_ratio, boundary, r = map(mpf, (event_rate, true_ratio, boundary, r))
    truly, at_most = (r * d / (r * d + 1 - r) for d in (true_ratio, boundary))
    nats = truly * mpmath.log(truly / at_most) + (1 - truly) * mpmath.log((1 - truly) / (1 - at_most))
    return event_rate * (1 - r + r * true_ratio) * nats
