"""Shared by the training stages: a time budget, a learning rate that ends with it, averaged weights, and a state file.

A stage that is called again with the same --out continues from its state file, and counts the seconds of earlier calls.
"""

import json
import math
import os
import time

import torch


class Budget:
    """Seconds of training, over all calls."""

    def __init__(self, seconds):
        self.seconds, self.used, self.began = seconds, 0.0, time.monotonic()

    def elapsed(self):
        return self.used + time.monotonic() - self.began

    def fraction(self):
        return min(1.0, self.elapsed() / self.seconds)


def learning_rate(peak, step, fraction, warm_up=100):
    """Linear warm-up, then a cosine decay to 0 at the end of the budget."""
    return peak * min(1.0, (step + 1) / warm_up) * (0.5 + 0.5 * math.cos(math.pi * fraction))


class Average:
    """A moving average of the weights, which is exported. The model's class must have a constructor without arguments."""

    def __init__(self, model):
        self.model = type(model)().to(next(model.parameters()).device).requires_grad_(False)
        self.model.load_state_dict(model.state_dict())

    @torch.no_grad()
    def update(self, model, step):
        keep = min(0.999, (1 + step) / (10 + step))
        torch._foreach_lerp_(list(self.model.parameters()), list(model.parameters()), 1 - keep)
        for mine, theirs in zip(self.model.buffers(), model.buffers()):
            mine.copy_(theirs)


class Trainer:
    """Minimises `loss(step, fraction) -> (scalar, numbers to print)` until the budget ends.

    Trains `model`. Writes the state file `path` every `save_every` seconds and at the end."""

    def __init__(self, model, path, seconds, peak, save_every=60):
        self.model, self.path, self.peak, self.save_every = model, path, peak, save_every
        self.average, self.step, self.budget = Average(model), 0, Budget(seconds)
        fused = next(model.parameters()).is_cuda
        self.optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=peak, betas=(0.9, 0.98),
                                           weight_decay=1e-4, fused=fused)
        if path.exists():
            self.resume()

    def resume(self):
        state = torch.load(self.path, map_location=next(self.model.parameters()).device, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.average.model.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.budget.used = state["step"], state["used"]
        print(json.dumps({"resumed_at_step": self.step, "seconds_used": round(self.budget.used)}), flush=True)

    def save(self):
        part = self.path.with_suffix(".part")
        torch.save({"model": self.model.state_dict(), "average": self.average.model.state_dict(),
                    "optimizer": self.optimizer.state_dict(), "step": self.step, "used": self.budget.elapsed()}, part)
        os.replace(part, self.path)

    def run(self, loss, print_every=100):
        saved = time.monotonic()
        while (fraction := self.budget.fraction()) < 1:
            for group in self.optimizer.param_groups:
                group["lr"] = learning_rate(self.peak, self.step, fraction)
            value, numbers = loss(self.step, fraction)
            self.optimizer.zero_grad(set_to_none=True)
            value.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            self.average.update(self.model, self.step)
            if self.step % print_every == 0:
                line = {"step": self.step, "seconds": round(self.budget.elapsed(), 1), "loss": float(value.detach())}
                print(json.dumps(line | {name: round(float(n), 5) for name, n in numbers.items()}), flush=True)
            self.step += 1
            if time.monotonic() - saved > self.save_every:
                self.save()
                saved = time.monotonic()
        self.save()
        return self.average.model
