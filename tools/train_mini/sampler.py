"""The sampler: noise, the native schedule, and UniPC (order 2, bh2, predicting the clean sample) for any velocity function."""

import math

import numpy
import torch


def noise(seed, shape):
    """Orrery's initial noise: numpy's legacy generator, rounded to float32."""
    return torch.from_numpy(numpy.random.RandomState(seed).standard_normal(shape).astype(numpy.float32))


def schedule(steps, shift):
    x = numpy.linspace(numpy.float32(0.999), 0, steps + 1)[:-1].astype(numpy.float64)
    sigmas = shift * x / (1 + (shift - 1) * x)
    return [float(s) for s in sigmas.astype(numpy.float32)] + [0.0], [int(s * 1000) for s in sigmas]


class UniPc:
    def __init__(self, sigmas):
        self.sigmas, self.clean, self.last, self.order = sigmas, [], None, 0
        self.rate = lambda i: math.inf if sigmas[i] == 0 else math.log(1 - sigmas[i]) - math.log(sigmas[i])

    def step(self, velocity, sample):
        """The sample at the next sigma."""
        i = len(self.clean)
        self.clean.append(sample - self.sigmas[i] * velocity)
        if i > 0:
            sample = self.correct(i)
        self.last, self.order = sample, min(2, len(self.sigmas) - 1 - i, i + 1)
        s, t = self.sigmas[i], self.sigmas[i + 1]
        h = self.rate(i + 1) - self.rate(i)
        p = math.expm1(-h)
        out = t / s * sample - (1 - t) * p * self.clean[i]
        if self.order == 2:
            r = (self.rate(i - 1) - self.rate(i)) / h
            out = out - (1 - t) * p * 0.5 * (self.clean[i - 1] - self.clean[i]) / r
        return out

    def correct(self, i):
        s, t = self.sigmas[i - 1], self.sigmas[i]
        h = self.rate(i) - self.rate(i - 1)
        p = math.expm1(-h)
        before, now = self.clean[i - 1], self.clean[i]
        change = 0.5 * (now - before)
        if self.order == 2:
            r = (self.rate(i - 2) - self.rate(i - 1)) / h
            first = p / -h - 1
            second = first / -h - 0.5
            rho = numpy.linalg.solve([[1, 1], [r, 1]], [first / p, 2 * second / p])
            change = rho[0] * (self.clean[i - 2] - before) / r + rho[1] * (now - before)
        return t / s * self.last - (1 - t) * p * before - (1 - t) * p * change


def sample(velocity, starts, steps, shift, guidance=1.0):
    """Denoises the noise `starts`. `velocity(latents, timestep, conditional)` returns the velocities of a list of latents,
    all float32."""
    sigmas, timesteps = schedule(steps, shift)
    latents, solvers = starts, [UniPc(sigmas) for _ in starts]
    for timestep in timesteps:
        found = velocity(latents, timestep, True)
        if guidance > 1:
            found = [u + guidance * (c - u) for c, u in zip(found, velocity(latents, timestep, False))]
        latents = [solver.step(v, x) for solver, v, x in zip(solvers, found, latents)]
    return latents
