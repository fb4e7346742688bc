#pragma once

#include <ATen/ATen.h>

#include "app/cli/options.h"
#include "base/core/log.h"

namespace orrery {

// `orrery encode`: an image or a video as a latent file, to start clips from or to build datasets. A video gives as
// many of its first frames as make 4k + 1, or --num-frames of them. One rank; memory does not grow with the video's
// length. Throws InputError when the input or the checkpoint is refused.
void encode_file(const Options& options, at::Device device, const Log& log);

}  // namespace orrery
