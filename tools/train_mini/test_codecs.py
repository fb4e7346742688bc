"""The codecs compute what the public classes compute, and clips show what captions say. python3 test_codecs.py"""

import copy
import pathlib
import sys
import tempfile
import unittest

import torch

import sound
import stage
import wan
import world

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "eval_mini"))
import measure  # noqa: E402


def draw(index, frames, size):
    return world.scenes([index], frames, size, torch.Generator().manual_seed(index))


class Codecs(unittest.TestCase):
    @torch.no_grad()
    def test_a_whole_clip_at_once_is_the_public_walk_through_it(self):
        torch.manual_seed(0)
        public = wan.make()
        model = wan.whole_clip(copy.deepcopy(public))
        for frames, height, width in ((1, 32, 32), (5, 32, 48), (17, 48, 32)):
            video = torch.rand(2, 3, frames, height, width) * 2 - 1
            latent = public.encode(video).latent_dist.mode()
            self.assertLess(float((wan.encode(model, video) - latent).abs().max()), 1e-5)
            pixels = wan.decode(model, latent).clamp(-1, 1)
            self.assertLess(float((pixels - public.decode(latent).sample).abs().max()), 2e-5)

    def test_sound_latents_are_the_public_encoders_at_the_size_of_training(self):
        torch.manual_seed(1)
        trained = sound.Latents()
        trained.square.uniform_(0.01, 4)
        waves = world.sound(draw(5, 17, world.SIZES[0]), 17)
        with tempfile.TemporaryDirectory() as folder, torch.no_grad():
            sound.export(trained, folder)
            codec = sound.load(folder, "cpu")
            latent = codec.encode(waves)
            expected = sound.encode(trained.tokenizer, waves) / trained.size()
            public = codec.model.encode(waves).latent_dist.mode()
        self.assertLess(float((latent - expected).norm() / expected.norm()), 0.02)  # weights were rounded to bfloat16
        self.assertLess(float((latent - public).abs().max()), 1e-5)

    def test_clips_show_what_their_captions_say(self):
        for index in range(0, len(world.CAPTIONS), 97):
            frames, size = world.FRAMES[index % 2], world.SIZES[index % 3]
            scene = draw(index, frames, size)
            pixels = ((world.video(scene, frames, size)[0] + 1) * 127.5).round().byte().permute(1, 2, 3, 0).numpy()
            found = measure.measure(pixels, 24, world.sound(scene, frames)[0].numpy())
            self.assertEqual(world.Caption(*(found[word] for word in world.Caption._fields)), world.CAPTIONS[index])

    def test_a_stage_goes_on_where_its_state_ends(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "state"
            loss = lambda trainer: lambda step, fraction: (trainer.model.weight.square().sum(), {})
            torch.manual_seed(2)
            first = stage.Trainer(Square(), path, 0.3, 1e-2)
            first.run(loss(first), print_every=10**9)
            again = stage.Trainer(Square(), path, 0.3, 1e-2)
            self.assertEqual(again.step, first.step)
            self.assertGreaterEqual(again.budget.elapsed(), 0.3)
            self.assertTrue(torch.equal(again.model.weight, first.model.weight))
            again.run(loss(again), print_every=10**9)
            self.assertEqual(again.step, first.step)  # its time was used up


class Square(torch.nn.Linear):
    def __init__(self):
        super().__init__(4, 4)


if __name__ == "__main__":
    unittest.main()
