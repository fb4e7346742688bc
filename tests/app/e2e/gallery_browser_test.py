"""A run's OUT/index.html in a browser without a window: its cards, its search, both colour schemes, and no network."""
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ORRERY = os.environ["ORRERY"]
SCREEN = (1280, 900)
COUNT = 5000
REAL = [{"id": "cat", "prompt": "A cat on a <b>roof</b>"}, {"id": "wave", "prompt": "Waves, 波"},
        {"id": "lost", "prompt": "A dog", "image": "lost.png"}]
SIZES = {"prompt_token_ids": [7, 8], "negative_token_ids": [5], "num_frames": 5, "height": 32, "width": 64, "steps": 1}


def make_clips(folder):
    """Three clips by a real run, one of which fails."""
    manifest = folder / "clips.jsonl"
    manifest.write_text("".join(json.dumps({"id": clip["id"], **SIZES, **{k: v for k, v in clip.items() if k == "image"}}) + "\n"
                                for clip in REAL), encoding="utf-8")
    ended = subprocess.run([ORRERY, "run", "--checkpoint", "random:tiny", "--manifest", manifest, "--out", folder / "out",
                            "--device", "cpu", "--quiet"], capture_output=True, text=True)
    if ended.returncode != 1:
        raise RuntimeError(ended.stderr)


def pretend_clips(folder, count):
    """As many more records, of clips like the first, and a page with all of them."""
    results = folder / "out/results.jsonl"
    lines = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    for line, clip in zip(lines, REAL):
        line["request"]["prompt"] = clip["prompt"]
    for i in range(count):
        more = json.loads(json.dumps(lines[0]))
        more["id"] = f"drive-{i:04d}"
        more["request"] |= {"seed": i, "prompt": f"Rain at dusk, a forklift turns into aisle {i}."}
        lines.append(more)
    results.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    # The failed clip is tried again, and the page is written at the end.
    subprocess.run([ORRERY, "run", "--checkpoint", "random:tiny", "--manifest", folder / "clips.jsonl", "--out", folder / "out",
                    "--device", "cpu", "--quiet"], capture_output=True)


class Browser:
    def __init__(self, folder):
        self.folder = folder

    def open(self, page, *more):
        """What chromium prints when the page's scripts have run. Fails when the page reports anything: an error of a script, or a
        request that its own policy forbids, which are all but those for the videos beside it."""
        command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                   "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
                   f"--user-data-dir={self.folder / 'profile'}", "--enable-logging=stderr", "--virtual-time-budget=3000",
                   "--hide-scrollbars", f"--window-size={SCREEN[0]},{SCREEN[1]}", *more, page]
        ended = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "HOME": str(self.folder)})
        said = [line for line in ended.stderr.splitlines() if "CONSOLE" in line]
        if ended.returncode or said:
            raise AssertionError(f"exit code {ended.returncode}, the page says {said}: {ended.stderr[-2000:]}")
        return ended.stdout

    def screenshot(self, page, scheme):
        """Grey values of a picture of the page, 64 x 45."""
        picture = self.folder / f"{scheme}.png"
        self.open(page, f"--screenshot={picture}", f"--blink-settings=preferredColorScheme={0 if scheme == 'dark' else 1}")
        return subprocess.run(["ffmpeg", "-loglevel", "error", "-i", picture, "-vf", "scale=64:45:flags=area", "-f", "rawvideo",
                               "-pix_fmt", "gray", "-"], capture_output=True, check=True).stdout


class Gallery(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        folder = pathlib.Path(cls.temporary.name)
        make_clips(folder)
        pretend_clips(folder, 17)
        cls.folder, cls.browser = folder, Browser(folder)
        cls.page = folder / "out/index.html"

    def dom(self, search=""):
        return self.browser.open(self.page.as_uri() + search, "--dump-dom")

    def cards(self, dom):
        return re.findall(r"<article.*?</article>", dom, re.DOTALL)

    def test_has_a_card_for_every_clip(self):
        dom = self.dom()
        cards = self.cards(dom)
        self.assertEqual(len(cards), 20)
        self.assertIn("20 of 20", dom)
        by_id = {re.search(r"</span>([^<]+)</h2>", card).group(1): card for card in cards}
        self.assertIn("A cat on a &lt;b&gt;roof&lt;/b&gt;", by_id["cat"])
        self.assertIn('data-file="media/cat.mp4"', by_id["cat"])
        self.assertIn("Waves, 波", by_id["wave"])
        self.assertIn("lost.png: no such file", by_id["lost"])
        self.assertIn("seed 11", by_id["drive-0011"])

    def test_searches_for_what_the_address_says(self):
        newest = [f"drive-{i:04d}" for i in reversed(range(17))]
        for asked, ids in {"#status=failed": ["lost"], "#search=forklift&order=newest": newest}.items():
            with self.subTest(asked):
                dom = self.dom(asked)
                self.assertEqual(re.findall(r"</span>([^<]+)</h2>", dom), ids)
                self.assertIn(f"{len(ids)} of 20", dom)

    def test_would_notice_errors_and_requests(self):
        page = self.page.read_text(encoding="utf-8")
        for bad in ('<script>throw new Error("x")</script>', '<img src="http://example.invalid/x.png">'):
            with self.subTest(bad), self.assertRaisesRegex(AssertionError, "the page says .'"):
                (self.folder / "out/bad.html").write_text(page.replace("</body>", bad + "</body>"), encoding="utf-8")
                self.browser.open((self.folder / "out/bad.html").as_uri(), "--dump-dom")

    def test_looks_like_something_in_light_and_in_dark(self):
        light, dark = (self.browser.screenshot(self.page.as_uri(), scheme) for scheme in ("light", "dark"))
        for picture, low, high in ((light, 225, 255), (dark, 20, 60)):
            self.assertEqual(len(picture), 64 * 45)
            head = picture[:64]
            self.assertTrue(low < sum(head) / len(head) < high, list(head))
            self.assertGreater(max(picture) - min(picture), 60)
            self.assertGreater(len(set(picture)), 30)

    def test_thousands_of_clips_begin_with_a_screenful(self):
        pretend_clips(self.folder, COUNT - 3)
        dom = self.dom()
        self.assertRegex(dom, f"{COUNT} of {COUNT}")
        self.assertLess(len(self.cards(dom)), 300)


if __name__ == "__main__":
    unittest.main()
