"""scipy's DOP853 and LSODA, and gradient descent in single precision, with the
right-hand side in numpy. Speaks bench.c's language: `peers.py DUMP LIMIT`, then lines
"CANDIDATE TOL N" on stdin, each answered by "RHS PRODUCTS SECONDS END WORST" or one
word. LIMIT: the seconds a run may take."""
import sys
import time

import numpy as np

try:
    import scipy
    from scipy.integrate import solve_ivp
except ImportError:
    scipy = None


class Late(Exception):
    """The run takes longer than it may."""


class Case:
    def __init__(self, path, limit):
        raw = np.fromfile(path)
        self._at, self._raw, self.limit = 0, raw, limit
        N, n = (int(x) for x in self._take(2))
        self.widths = [int(x) for x in self._take(N + 1)]
        d, k = self.widths[0], self.widths[-1]
        self.Lxx = self._take(d * d).reshape(d, d)
        self.Lyx = self._take(k * d).reshape(k, d)
        shapes = list(zip(self.widths[1:], self.widths[:-1]))
        ends = np.cumsum([a * b for a, b in shapes])
        self.layers = [(slice(e - a * b, e), (a, b)) for e, (a, b) in zip(ends, shapes)]
        self.size = int(ends[-1])
        self.w0 = self._take(self.size)
        self.t = self._take(n)
        self.reference = self._take(n * (self.size + 1)).reshape(n, -1)[:, :-1]
        self.rhs_count = 0

    def _take(self, n):
        self._at += n
        return self._raw[self._at - n:self._at]

    def gradient(self, w, grad):
        """The gradient over all layers; 3 (N - 1) products, as the library has them."""
        W = [w[at].reshape(shape) for at, shape in self.layers]
        P = [W[0]]
        for Wj in W[1:]:
            P.append(Wj @ P[-1])
        B = P[-1] @ self.Lxx - self.Lyx
        for j in range(len(W) - 1, 0, -1):
            at, shape = self.layers[j]
            np.matmul(B, P[j - 1].T, out=grad[at].reshape(shape))
            B = W[j].T @ B
        grad[self.layers[0][0]] = B.ravel()

    def flow(self, t, y):
        """The same state as lnnflow's: the weights, then the energy."""
        self.rhs_count += 1
        if time.thread_time() > self.deadline:
            raise Late
        dydt = np.empty_like(y)
        self.gradient(y[:-1], dydt[:-1])
        dydt[-1] = dydt[:-1] @ dydt[:-1]
        np.negative(dydt[:-1], out=dydt[:-1])
        return dydt

    def solve(self, method, tol, n):
        t = self.t if n == len(self.t) else self.t[[0, -1]]
        y0 = np.append(self.w0, 0.0)
        out = solve_ivp(self.flow, (0, t[-1]), y0, method, t_eval=t, rtol=tol,
                        atol=0.01 * tol)
        return out.y[:-1].T if out.success else None

    def descent(self, steps):
        """Single precision throughout, as a training loop would have it."""
        single = Case.__new__(Case)
        single.__dict__.update(self.__dict__)
        single.Lxx, single.Lyx = self.Lxx.astype("f4"), self.Lyx.astype("f4")
        w, eta = self.w0.astype("f4"), np.float32(self.t[-1] / steps)
        grad = np.empty_like(w)
        for self.rhs_count in range(1, steps + 1):
            single.gradient(w, grad)
            w -= eta * grad
            if self.rhs_count % 256 == 0 and time.thread_time() > self.deadline:
                raise Late
        return np.array([self.w0, w])

    def answer(self, name, tol, n):
        self.rhs_count = 0
        begin = time.thread_time()
        self.deadline = begin + self.limit
        try:
            if name == "descent32":
                w = self.descent(int(tol))
            else:
                w = self.solve(name, tol, n)
        except Late:
            return "late"
        seconds = time.thread_time() - begin
        if w is None:
            return "failed"
        exact = self.reference if n == len(self.t) else self.reference[[0, -1]]
        error = np.linalg.norm(w - exact, axis=1) / np.linalg.norm(exact, axis=1)
        return f"{self.rhs_count} 0 {seconds:.9g} {error[-1]:.6e} {error.max():.6e}"


def main():
    np.seterr(all="ignore")  # too long a step of gradient descent diverges
    case = Case(sys.argv[1], float(sys.argv[2]))
    print("ready", scipy.__version__ if scipy else "none", flush=True)
    for line in sys.stdin:
        name, tol, n = line.split()
        print(case.answer(name, float(tol), int(n)), flush=True)


main()
