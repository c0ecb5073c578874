"""Values of every test of `src/evidence`, computed without it, for random counts.

Sample ratios come from `ssrm-test`, intervals of rates, comparisons of quantiles and their bounds from `confseq`, as far as their
counts go; all else, and these at counts that doubles can not take, from the formulas beside this file with 60 digits.
tests/evidence/vectors.rs compares.

    scripts/cross_check.sh        on a fresh seed, which it says; `make test` does this
    scripts/cross_check.sh 5      on that seed again

tests/vectors/evidence-1.json was made by it (`cross_check.py 2022`) and is compared where there is no Python at all; a new file gets a
new number.
"""

import json
import random
import sys
import types

import formulas
import mpmath
import numpy
from formulas import alive, compare, log_bf, margin
from mpmath import mp, mpf

try:
    from confseq import boundaries, quantiles
except ImportError:  # It is compiled, which does not work everywhere.
    print("evidence: confseq is not here; what it checks is checked by 60 digits alone", file=sys.stderr)
    boundaries = quantiles = None

numpy.Inf = numpy.inf  # ssrm-test still says so.
from ssrm_test import constants
from ssrm_test.ssrm_test import sequential_posteriors

draw = random.Random(int(sys.argv[1]))
MOST = 10**12


def count(most=None):
    """A count of any size: as many have three digits as have ten."""
    most = most or MOST
    return min(most, draw.choice([0, draw.randint(0, 9), int(10 ** draw.uniform(0, 12)), int(10 ** draw.uniform(0, 4))]))


def odds():
    """Slots of canary and stable, of ten thousand or of what a third version leaves."""
    all_slots = draw.choice([10_000, draw.randint(2, 10_000)])
    canary = draw.choice([1, draw.randint(1, all_slots - 1), max(1, all_slots // 20)])
    return [canary, all_slots - canary]


def checked(package, value, exact):
    """A package's value if it is right to ten digits, or the exact one; the two are never further apart than rounding explains."""
    assert abs(value - exact) <= 1e-6 * max(1, abs(exact)), (package, value, exact)
    return (package, value) if abs(value - exact) <= 1e-10 * abs(exact) else ("mpmath", exact)


def in_bins(values, most=60):
    counted = {}
    for value in values:
        counted[min(value, most)] = counted.get(min(value, most), 0) + 1
    return sorted(counted.items())


# The cases.


def of_events(strata):
    return [[count(), count(), *odds()] for _ in range(strata)]


def of_trials(strata, before):
    return [[count(), count(), count(), count(), *odds(), before()] for _ in range(strata)]


def even_events(n, true_ratio, weight):
    """What a world with this ratio would show."""
    r = weight / 10_000
    canary = round(n * r * true_ratio / (r * true_ratio + 1 - r))
    return [canary, n - canary, weight, 10_000 - weight]


def even_trials(n, canary_rate, stable_rate, weight, before):
    canary = n * weight // 10_000
    stable = n - canary
    bad = [round(canary * canary_rate), round(stable * stable_rate)]
    return [bad[0], canary - bad[0], bad[1], stable - bad[1], weight, 10_000 - weight, before]


def share():
    return draw.choice([0.0, 1.0, 0.002, 0.02, draw.random()])


SIZES = [1, 2, 3, 5, 20]


def ratios():
    for kind, margins in (("harm", [0, 0.1, 0.25]), ("safe", [0.5, 0.1]), ("goal_harm", [0.05]), ("goal_safe", [0.1, 0.5])):
        for m in margins:
            cases = [of_events(strata) for strata in SIZES[: 5 if m else 3]]
            cases += [
                [even_events(n, true_ratio, 500), even_events(n, true_ratio, 5000)]
                for n in (100, 10_000, MOST)
                for true_ratio in (0.8, 1.0, 1.6)
            ]
            if m == margins[-1]:
                cases.append(of_events(300))
            yield from (
                {"kind": kind, "margin": m, "strata": strata, "log_e": formulas.ratio(kind, m, strata)} for strata in cases
            )


def restarts():
    for strata, starts in ((1, 1), (2, 2), (5, 3), (12, 9), (4, 64)):
        events = [[draw.randint(0, 200), draw.randint(0, 400), *odds()] for _ in range(strata)]
        before = []
        for start in range(starts):
            since = start / starts
            before.append([[int(canary * since), int(stable * since)] for canary, stable, *_ in events])
        log_es = []
        for counted in before:
            later = [[c - b[0], s - b[1], *o] for (c, s, *o), b in zip(events, counted)]
            log_es.append(formulas.ratio("harm", 0.1, later))
        yield {"margin": 0.1, "strata": events, "before": before, "log_e": formulas.mixture(log_es)}


def trials(name, of, limits, rates):
    for limit in limits:
        cases = [of_trials(strata, share) for strata in SIZES]
        for n in (50, 5000, MOST):
            for canary_rate, stable_rate in rates:
                weights = [(500, draw.choice([0.5, 0.02])), (5000, stable_rate)]
                cases.append([even_trials(n, canary_rate, stable_rate, weight, before) for weight, before in weights])
        if limit == limits[0]:
            cases.append(of_trials(300, share))
        yield from ({name: limit, "strata": strata, "log_e": of(limit, strata)} for strata in cases)


def uppers():
    for alpha in (0.05, 0.01):
        for n in (10, 1000, 100_000, MOST):
            for canary_rate, stable_rate in ((0.02, 0.02), (0.2, 0.01), (0.0, 0.3)):
                strata = [even_trials(n, canary_rate, stable_rate, weight, 0.02) for weight in (500, 5000)]
                yield {"alpha": alpha, "strata": strata, "upper": formulas.upper(alpha, strata)}


def sample_ratios():
    for shares in ([0.5, 0.5], [0.05, 0.95], [0.0001, 0.9999], [0.25, 0.25, 0.5], [0.1, 0.2, 0.3, 0.4]):
        for k in (1.0, 100.0, 10_000.0):
            for n in (0, 1, 30, 1000, 10_000):
                counts = [max(0, round(n * s + draw.gauss(0, 2) * (n * s) ** 0.5)) for s in shares]
                posterior = sequential_posteriors([counts], shares, dirichlet_concentration=k)[-1]
                value = float(posterior[constants.LOG_BAYES_FACTOR])
                # The package adds what it then takes away.
                by, value = checked("ssrm-test", value, log_bf(k, [(mpf(s), c) for s, c in zip(shares, counts)]))
                yield {"by": by, "concentration": k, "shares": shares, "counts": counts, "log_bf": value}
            exact = [mpf(s) for s in shares]
            exact[-1] = 1 - mpmath.fsum(exact[:-1])
            for n in (10**8, MOST):
                for off in (0, 1, 1000):
                    counts = [round(n * s) + sign * round(off * (n * s) ** 0.5) for s, sign in zip(shares, (1, -1, 1, -1))]
                    value = log_bf(k, list(zip(exact, counts)))
                    yield {"by": "mpmath", "concentration": k, "shares": shares, "counts": counts, "log_bf": value}


def rates():
    for n in (1, 2, 10, 50, 1000, 100_000):
        for part in (0, 0.01, 0.3, 0.5, 0.97, 1):
            bad, alpha, t_opt = round(n * part), draw.choice([0.05, 0.01, 0.2]), draw.choice([20, 100, 1000])
            low, high = (
                boundaries.bernoulli_confidence_interval(bad, n, alpha, t_opt) if boundaries else formulas.rate(bad, n, alpha, t_opt)
            )
            yield {"by": "confseq" if boundaries else "mpmath", "bad": bad, "n": n, "alpha": alpha, "t_opt": t_opt, "low": low, "high": high}
    for bad in (0, 1, 3, 10**6, MOST // 3, MOST - 1, MOST):
        low, high = formulas.rate(bad, MOST, 0.05, 1000)
        yield {"by": "mpmath", "bad": bad, "n": MOST, "alpha": 0.05, "t_opt": 1000, "low": low, "high": high}


def differences():
    for n in (1, 100, 10**6, MOST):
        for sd, alpha, r in ((1.0, 0.05, 0.03984), (0.3, 0.01, 0.5)):
            spread = n * mpf(r) ** 2
            width = mpf(sd) * mpmath.sqrt(2 * (spread + 1) / (n * spread) * mpmath.log(mpmath.sqrt(spread + 1) / mpf(alpha)))
            yield {"n": n, "sd": sd, "alpha": alpha, "r": r, "half_width": width}


def compared():
    for p in (0.5, 0.75, 0.95):
        for n, off in ((20, 9), (200, 0), (200, 8), (2000, 2), (2000, 3), (5000, 1)):
            a = [int(draw.gammavariate(4, 4)) for _ in range(n)]
            b = [int(draw.gammavariate(4, 4)) + off for _ in range(n + draw.randint(0, n))]
            a, b = [[min(value, 60) for value in values] for values in (a, b)]
            t_opt = draw.choice([100, 1000])
            values = [numpy.array(values, float) for values in (a, b)]
            a, b = in_bins(a), in_bins(b)
            by, p_value = "mpmath", min(1, mpmath.exp(-compare(p, t_opt, a, b)))
            if quantiles:
                # The package looks for the least of a bet with 20 bits.
                by, p_value = checked("confseq", quantiles.quantile_ab_p_value(*values, p, t_opt), p_value)
            yield {"by": by, "p": p, "t_opt": t_opt, "a": a, "b": b, "p_value": p_value}

    for p in (0.5, 0.75):
        for scale, off in ((10**6, 0), (10**11, 10**6)):
            a, b = [[3, 5], [4, 11], [5, 30], [6, 9]], [[3, 5], [4, 11], [5, 30], [7, 9]]
            a = [[number, values * scale] for number, values in a]
            b = [[number, values * scale + off * (1 if number < 5 else 0)] for number, values in b]
            yield {"by": "mpmath", "p": p, "t_opt": 1000, "a": a, "b": b, "p_value": min(1, mpmath.exp(-compare(p, 1000, a, b)))}
    for off, scale in ((2500, 10**5), (120_000, 10**8), (5 * 10**6, 10**11)):
        a = [[1, 5 * scale - off], [2, 5 * scale + off]]
        b = [[1, 5 * scale + off], [2, 5 * scale - off]]
        yield {"by": "mpmath", "p": 0.5, "t_opt": 1000, "a": a, "b": b, "p_value": min(1, mpmath.exp(-compare(0.5, 1000, a, b)))}


def holds(below, n, alpha, p):
    low, high = boundaries.bernoulli_confidence_interval(below, n, alpha, 1000)
    return low <= p <= high


def bounded():
    for p in (0.5, 0.75, 0.95):
        for n in (5, 60, 300, 1000):
            for alpha in (0.05, 0.001):
                bins = in_bins(int(draw.gammavariate(4, 4)) for _ in range(n))
                first, last = formulas.bounds(p, alpha, bins)
                # Of the counts that can fall below the quantile, the package's intervals for the share hold `p` for the same.
                if boundaries:
                    held = {below for below in range(n + 1) if holds(below, n, alpha, p)}
                    assert (first, last) == formulas.ends(held, bins), ("confseq", p, n, alpha)
                yield {"by": "confseq" if boundaries else "mpmath", "p": p, "alpha": alpha, "bins": bins, "first": first, "last": last}


def chosen():
    mp.dps = 25
    for known in (
        [[100, 900], [120, 880]],
        [[5, 45], [9, 41]],
        [[0, 0], [0, 0], [0, 0]],
        [[0, 10], [3, 17], [5, 15]],
        [[20, 80], [25, 75], [30, 90], [2, 8]],
        [[1, 300], [2, 300], [0, 100]],
    ):
        yield {"known": known, "best": formulas.best(known)}
    mp.dps = 60


def gains():
    for _ in range(12):
        case = [10 ** draw.uniform(-4, -0.5), draw.uniform(1.2, 20), draw.choice([1, 1.1]), draw.uniform(0.01, 0.99)]
        yield {"rate": case[0], "ratio": case[1], "boundary": case[2], "rho": case[3], "gain": formulas.gain(*case)}


def plain(value):
    if isinstance(value, (mpf, float)):
        return float(mpmath.nstr(mpf(value), 17, min_fixed=-1, max_fixed=17))
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, types.GeneratorType)):
        return [plain(item) for item in value]
    return value


def main():
    made = {
        "ratio": ratios(),
        "restarts": restarts(),
        "alive": trials("f", alive, [0.05, 0.2], [(0.1, 0.1), (0.15, 0.1), (0.05, 0.3)]),
        "margin": trials("a", margin, [0.005, 0.05], [(0.01, 0.01), (0.06, 0.01), (0.0, 0.0)]),
        "upper": uppers(),
        "sample_ratio": sample_ratios(),
        "rate": rates(),
        "difference": differences(),
        "compare": compared(),
        "bounds": bounded(),
        "best": chosen(),
        "gain": gains(),
    }
    print("{\n", end="")
    print('  "made_by": "tests/evidence/cross_check.py {seed}, mpmath 1.4.1, ssrm-test 0.1.5, confseq 0.0.11"'.format(seed=sys.argv[1]), end="")
    for name, cases in made.items():
        print(f',\n  "{name}": [\n    ', end="")
        print(",\n    ".join(json.dumps(plain(case)) for case in cases), end="\n  ]")
        print(name, file=sys.stderr)
    print("\n}")


if __name__ == "__main__":
    main()
