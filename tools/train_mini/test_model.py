#!/usr/bin/env python3
"""The batched model gives the velocities of the public diffusers class: python test_model.py"""

import unittest

import torch
from diffusers import Cosmos3OmniTransformer

import layout
import reference
from model import Transformer, make_config

TINY = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 3, "vocab_size": 40}


def random_pair(seed):
    """The same random weights in both, float32."""
    torch.manual_seed(seed)
    config = make_config(latent_channel=4, sound_dim=6) | TINY
    ours, theirs = Transformer(config), Cosmos3OmniTransformer.from_config(config).float().eval()
    for parameter in ours.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    _, unknown = theirs.load_state_dict(ours.state_dict(), strict=False)
    assert not unknown, unknown
    return ours, theirs


class BatchedModel(unittest.TestCase):
    def test_gives_the_velocities_of_the_public_class(self):
        ours, theirs = random_pair(0)
        size, steps, length = (3, 4, 6), 5, 9
        ids = torch.randint(0, 40, (2, length))
        video, sound = torch.randn(2, 4, *size), torch.randn(2, 6, steps)
        lengths, timesteps = torch.tensor([length, 6]), torch.tensor([731.0, 42.0])
        places = torch.cat([layout.video_places(*size), layout.sound_places(steps)]).expand(2, -1, 3)
        tokens = layout.patchify(video)
        with torch.no_grad():
            found = ours(ids, lengths, tokens, sound.mT, timesteps, torch.ones(tokens.shape[:2]), places,
                         torch.ones(places.shape[:2], dtype=torch.bool))
            found = layout.unpatchify(found[0], video.shape), found[1].mT
            for i, count in enumerate(lengths):
                expected = reference.velocity(theirs, ids[i, :count].tolist(), video[i:i + 1], sound[i:i + 1],
                                              timesteps[i])
                for mine, other in zip(found, expected):
                    self.assertLess((mine[i] - other[0]).abs().max(), 2e-5 * other.abs().max())

    def test_does_not_read_padding(self):
        ours, _ = random_pair(1)
        tokens, sound = torch.randn(1, 7, 16), torch.randn(1, 4, 6)
        ids, present = torch.randint(0, 40, (1, 8)), torch.ones(1, 11, dtype=torch.bool)
        present[0, [6, 10]] = False
        run = lambda: ours(ids, torch.tensor([5]), tokens, sound, torch.tensor([500.0]), torch.ones(1, 7),
                           torch.arange(33.0).view(1, 11, 3), present)
        before = run()
        ids[0, 5:], tokens[0, 6], sound[0, 3] = 0, 9.0, 9.0
        after = run()
        self.assertTrue(torch.equal(before[0][:, :6], after[0][:, :6]))
        self.assertTrue(torch.equal(before[1][:, :3], after[1][:, :3]))

    def test_tells_the_timestep_to_noisy_tokens_alone(self):
        ours, _ = random_pair(2)
        tokens, sound = torch.randn(1, 4, 16), torch.randn(1, 1, 6)
        run = lambda timestep, noisy: ours(
            torch.zeros(1, 2, dtype=torch.long), torch.tensor([2]), tokens, sound, torch.tensor([timestep]),
            torch.full((1, 4), noisy), torch.zeros(1, 5, 3), torch.tensor([[True] * 4 + [False]]))[0]
        self.assertTrue(torch.equal(run(10.0, 0.0), run(900.0, 0.0)))
        self.assertFalse(torch.equal(run(10.0, 1.0), run(900.0, 1.0)))

    def test_patches_turn_back_into_latents(self):
        latent = torch.randn(2, 3, 2, 4, 6)
        self.assertTrue(torch.equal(layout.unpatchify(layout.patchify(latent), latent.shape), latent))
        self.assertEqual(layout.patchify(latent)[1, 7, 2 * 3 + 1], latent[1, 1, 1, 1, 2])


if __name__ == "__main__":
    unittest.main()
