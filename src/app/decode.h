#pragma once

#include <ATen/ATen.h>

#include "app/options.h"
#include "core/log.h"

namespace orrery {

// `orrery decode`: media from finished latent files, without a transformer in memory; the same pixels and samples as
// the run made. One rank. Returns the exit code: 1 when some file could not be decoded. Throws InputError when the
// checkpoint or OUT is refused.
int decode_files(const Options& options, at::Device device, const Log& log);

}  // namespace orrery
