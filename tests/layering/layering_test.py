"""layering.py reports each kind of violation, and nothing else."""

import pathlib
import tempfile
import unittest

from layering import check_tree

HEADER = "#pragma once\n"

# A tree that keeps the rules.
SOUND = {
    "main.cpp": '#include "app/run.h"\n#include "core/error.h"\n#include "parallel/comm.h"\n#include <mpi>\n',
    "core/error.h": HEADER + "#include <string>\n",
    "parallel/comm.h": HEADER + "#include <mpi.h>\n#include <nccl.h>\n",
    "storage/store.h": HEADER + "#include <hdf5.h>\n",
    "nn/linear.h": HEADER + '#include <ATen/ATen.h>\n#include "parallel/comm.h"\n',
    "wan/decoder.h": HEADER + '#include "nn/linear.h"\n#include "wan/config.h"\n',
    "wan/config.h": HEADER,
    "pipeline/generate.cpp": '#include "wan/decoder.h"\n#include "storage/store.h"\n',
    "app/run.h": HEADER + '#include <boost/program_options.hpp>\n#include "nn/linear.h"\n',
}

# One file that breaks a rule, and what is said about it.
BROKEN = [
    ("sampler/noise.h", HEADER + '#include "parallel/comm.h"\n', "noise.h:2: includes parallel/comm.h: sampler may not include parallel/"),
    ("core/log.cpp", '#include "app/run.h"\n', "core may not include app/"),
    ("nn/rope.cpp", '#include "wan/config.h"\n', "nn may not include wan/"),
    ("pipeline/denoise.cpp", '#include "nn/linear.h"\n', "pipeline may not include nn/"),
    ("main.cpp", '#include "wan/config.h"\n', "main.cpp may not include wan/"),
    ("bench/step.cpp", '#include "app/run.h"\n', "bench may not include app/"),
    ("pipeline/denoise.cpp", '#include "bench/timer.h"\n', "pipeline may not include bench/"),
    ("app/run.cpp", "#include <mpi.h>\n", "includes mpi.h: only parallel may"),
    ("wan/a.cpp", "# include  <nccl.h>\n", "includes nccl.h: only parallel may"),
    ("pipeline/a.cpp", '#include "hdf5.h"\n', "includes hdf5.h: only storage may"),
    ("pipeline/a.cpp", "#include <libavcodec/avcodec.h>\n", "only media may"),
    ("pipeline/a.cpp", "#include <libswscale/swscale.h>\n", "only media may"),
    ("app/a.cpp", "#include <unicode/uchar.h>\n", "only text may"),
    ("app/a.cpp", "#include <sentencepiece_processor.h>\n", "only text may"),
    ("core/a.cpp", "#include <boost/version.hpp>\n", "only app may"),
    ("storage/a.cpp", "#include <ATen/ATen.h>\n", "includes ATen/ATen.h: only"),
    ("wan/blocks.h", "int x;\n", "blocks.h: no #pragma once"),
    ("wan/blocks.cpp", "\n" * 601, "blocks.cpp: 601 lines, at most 600"),
    ("wan/blocks.cpp", '#include "blocks.h"\n', 'own headers are named "folder/file.h"'),
    ("extra/a.cpp", "", "the folder extra/ is not in the include table"),
    ("wan/deep/a.cpp", "", "folders are one level deep"),
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
