"""layering.py reports each kind of violation, and nothing else."""

import pathlib
import tempfile
import unittest

from layering import check_tree

HEADER = "#pragma once\n"

# A tree that keeps the rules.
SOUND = {
    "main.cpp": '#include "app/commands/run.h"\n#include "base/core/error.h"\n#include "base/parallel/comm.h"\n#include <mpi>\n',
    "base/core/error.h": HEADER + "#include <string>\n",
    "base/parallel/comm.h": HEADER + "#include <mpi.h>\n#include <nccl.h>\n",
    "io/latents/store.h": HEADER + "#include <hdf5.h>\n",
    "models/nn/linear.h": HEADER + '#include <ATen/ATen.h>\n#include "base/parallel/comm.h"\n',
    "models/wan/decoder.h": HEADER + '#include "models/nn/linear.h"\n#include "models/wan/config.h"\n',
    "models/wan/config.h": HEADER + "--count;  // a -- b\n",
    "pipeline/generate.cpp": '#include "models/wan/decoder.h"\n#include "io/latents/store.h"\n',
    "app/cli/options.h": HEADER + "#include <boost/program_options.hpp>\n// --tp\n",
    "app/commands/run.h": HEADER + '#include "app/cli/options.h"\n#include "models/nn/linear.h"\n',
}

# One file that breaks a rule, and what is said about it.
BROKEN = [
    ("models/sampler/noise.h", HEADER + '#include "models/wan/config.h"\n',
     "noise.h:2: includes models/wan/config.h: models/sampler may not include models/wan/"),
    ("base/core/log.cpp", '#include "app/commands/run.h"\n', "base/core may not include app/commands/"),
    ("base/device/gpu.cpp", '#include "base/parallel/comm.h"\n', "base/device may not include base/parallel/"),
    ("io/media/a.cpp", '#include "io/latents/store.h"\n', "io/media may not include io/latents/"),
    ("io/latents/a.cpp", '#include "io/media/store.h"\n', "io/latents may not include io/media/"),
    ("models/nn/rope.cpp", '#include "models/wan/config.h"\n', "models/nn may not include models/wan/"),
    ("models/cosmos3/a.cpp", '#include "models/wan/config.h"\n', "models/cosmos3 may not include models/wan/"),
    ("models/wan/a.cpp", '#include "pipeline/generate.h"\n', "models/wan may not include pipeline/"),
    ("pipeline/denoise.cpp", '#include "app/bench/bench.h"\n', "pipeline may not include app/bench/"),
    ("app/outputs/a.cpp", '#include "app/cli/options.h"\n', "app/outputs may not include app/cli/"),
    ("main.cpp", '#include "models/wan/config.h"\n', "main.cpp may not include models/wan/"),
    ("app/commands/run.cpp", "#include <mpi.h>\n", "includes mpi.h: only base/parallel may"),
    ("models/wan/a.cpp", "# include  <nccl.h>\n", "includes nccl.h: only base/parallel may"),
    ("pipeline/a.cpp", '#include "hdf5.h"\n', "includes hdf5.h: only io/latents may"),
    ("pipeline/a.cpp", "#include <libavcodec/avcodec.h>\n", "only io/media may"),
    ("pipeline/a.cpp", "#include <libswscale/swscale.h>\n", "only io/media may"),
    ("app/cli/a.cpp", "#include <unicode/uchar.h>\n", "only io/text may"),
    ("app/cli/a.cpp", "#include <sentencepiece_processor.h>\n", "only io/text may"),
    ("app/commands/a.cpp", "#include <boost/version.hpp>\n", "only app/cli may"),
    ("io/latents/a.cpp", "#include <ATen/ATen.h>\n", "includes ATen/ATen.h: only"),
    ("models/wan/blocks.h", "int x;\n", "blocks.h: no #pragma once"),
    ("models/wan/blocks.cpp", "\n" * 601, "blocks.cpp: 601 lines, at most 600"),
    ("models/wan/blocks.cpp", '#include "blocks.h"\n', 'own headers are named "house/folder/file.h"'),
    ("models/wan/blocks.cpp", '#include "wan/blocks.h"\n', 'own headers are named "house/folder/file.h"'),
    ("models/wan/blocks.cpp", 'fail("use --vae-split none");\n', "blocks.cpp:1: says --vae-split, a word of the command line"),
    ("extra/a.cpp", "", "the folder extra/ is not in the include table"),
    ("models/wan/deep/a.cpp", "", "the folder models/wan/deep/ is not in the include table"),
]


class LayeringTest(unittest.TestCase):
    def check(self, files):
        with tempfile.TemporaryDirectory() as folder:
            src = pathlib.Path(folder)
            for name, content in files.items():
                (src / name).parent.mkdir(parents=True, exist_ok=True)
                (src / name).write_text(content, encoding="utf-8")
            return check_tree(src)

    def test_sound_tree_passes(self):
        self.assertEqual(self.check(SOUND), [])

    def test_each_violation_is_reported(self):
        for name, content, message in BROKEN:
            with self.subTest(name=name, message=message):
                found = self.check({**SOUND, name: content})
                self.assertEqual(len(found), 1, found)
                self.assertIn(message, found[0])

    def test_an_empty_tree_is_a_mistake(self):
        self.assertEqual(len(self.check({})), 1)


if __name__ == "__main__":
    unittest.main()
