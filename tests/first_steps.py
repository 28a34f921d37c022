#!/usr/bin/python3
"""Prints tests/first_steps.h: three iterations of every optimiser in 60-digit decimals.

Straight from the papers' formulas, with the doubles nearest to the parameters; nothing of the
program is used. Problem 0: one layer, 1 x 1, l = (w - 2)^2 / 2 from w = 1/2. Problem 1: two layers
of widths 3, 2, 1, l = ||W_2 W_1 - Phi||^2 / 2 + lambda/2 (||W_1||^2 + ||W_2||^2), lambda = 1/8.
"""
from decimal import Decimal as D, getcontext

getcontext().prec = 60
PHI = [D(1), D("0.5"), D("-0.25")]
STARTS = [[D("0.5")], [D(x) for x in ("0.5", "-0.25", "0.75", "0.25", "1", "-0.5", "1.5", "-0.75")]]
LAMBDA = D("0.125")


def gradient(w):
    if len(w) == 1:
        return [w[0] - 2]
    W1, W2 = [w[0:3], w[3:6]], w[6:8]
    r = [W2[0] * W1[0][i] + W2[1] * W1[1][i] - PHI[i] for i in range(3)]
    g = [W2[a] * r[i] for a in range(2) for i in range(3)]
    g += [sum(r[i] * W1[a][i] for i in range(3)) for a in range(2)]
    return [x + LAMBDA * y for x, y in zip(g, w)]


def momentum(w, eta, steps, mu):
    v = [D(0)] * len(w)
    for _ in range(steps):
        g = gradient(w)
        v = [mu * a - eta * b for a, b in zip(v, g)]
        w = [a + b for a, b in zip(w, v)]
        yield w


def nesterov(w, eta, steps, mu):
    v = [D(0)] * len(w)
    for _ in range(steps):
        g = gradient([a + mu * b for a, b in zip(w, v)])
        v = [mu * a - eta * b for a, b in zip(v, g)]
        w = [a + b for a, b in zip(w, v)]
        yield w


def adagrad(w, eta, steps, epsilon):
    s = [D(0)] * len(w)
    for _ in range(steps):
        g = gradient(w)
        s = [a + b * b for a, b in zip(s, g)]
        w = [a - eta * b / (c.sqrt() + epsilon) for a, b, c in zip(w, g, s)]
        yield w


def adadelta(w, eta, steps, rho, epsilon):
    s, u = [D(0)] * len(w), [D(0)] * len(w)
    for _ in range(steps):
        g = gradient(w)
        s = [rho * a + (1 - rho) * b * b for a, b in zip(s, g)]
        d = [-(a + epsilon).sqrt() / (b + epsilon).sqrt() * c for a, b, c in zip(u, s, g)]
        u = [rho * a + (1 - rho) * b * b for a, b in zip(u, d)]
        w = [a + eta * b for a, b in zip(w, d)]
        yield w


def rmsprop(w, eta, steps, rho, epsilon):
    s = [D(0)] * len(w)
    for _ in range(steps):
        g = gradient(w)
        s = [rho * a + (1 - rho) * b * b for a, b in zip(s, g)]
        w = [a - eta * b / (c.sqrt() + epsilon) for a, b, c in zip(w, g, s)]
        yield w


def adam(w, eta, steps, beta1, beta2, epsilon):
    m, v = [D(0)] * len(w), [D(0)] * len(w)
    for t in range(1, steps + 1):
        g = gradient(w)
        m = [beta1 * a + (1 - beta1) * b for a, b in zip(m, g)]
        v = [beta2 * a + (1 - beta2) * b * b for a, b in zip(v, g)]
        m_hat = [a / (1 - beta1**t) for a in m]
        v_hat = [a / (1 - beta2**t) for a in v]
        w = [a - eta * b / (c.sqrt() + epsilon) for a, b, c in zip(w, m_hat, v_hat)]
        yield w


CASES = [  # method, the problem's keys ("": as published), learning rate, parameters as doubles
    (momentum, "", 0.125, [0.9]),
    (momentum, ", momentum: 0.5", 0.125, [0.5]),
    (nesterov, "", 0.125, [0.9]),
    (nesterov, ", momentum: 0.5", 0.125, [0.5]),
    (adagrad, "", 0.125, [1e-10]),
    (adagrad, ", epsilon: 0.25", 0.125, [0.25]),
    (adadelta, "", 1.0, [0.95, 1e-6]),
    (adadelta, ", decay: 0.75, epsilon: 0.25", 0.5, [0.75, 0.25]),
    (rmsprop, "", 0.125, [0.9, 1e-8]),
    (rmsprop, ", decay: 0.75, epsilon: 0.25", 0.125, [0.75, 0.25]),
    (adam, "", 0.125, [0.9, 0.999, 1e-8]),
    (adam, ", beta1: 0.5, beta2: 0.75, epsilon: 0.25", 0.125, [0.5, 0.75, 0.25]),
]

print("""/* Made by tests/first_steps.py: weights after one, two and three iterations. */
#ifndef FIRST_STEPS_H
#define FIRST_STEPS_H

static const struct first_steps {
    const char *system, *keys;
    double eta;
    int problem;
    double w[3][8];
} first_steps[] = {""")
for method, keys, eta, parameters in CASES:
    for problem, start in enumerate(STARTS):
        print(f'    {{"{method.__name__}",\n     "{keys}",\n     {eta},\n     {problem},\n     {{')
        for w in method(start, D(eta), 3, *map(D, parameters)):
            print("      {" + ",\n       ".join(f"{x:.20g}" for x in w) + "},")
        print("     }},")
print("};\n\n#endif")
