#pragma once

#include "app/cli/options.h"
#include "base/parallel/comm.h"

namespace orrery {

// `orrery decode`: media from finished latent files, without a transformer in memory; the same pixels and samples as
// the run made. All ranks decode together. Returns the exit code: 1 when some file could not be decoded. Throws
// InputError when the checkpoint or OUT is refused. Collective over `world`.
int decode_files(const Options& options, const Comm& world);

}  // namespace orrery
