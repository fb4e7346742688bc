#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <vector>

#include "base/parallel/comm.h"
#include "io/latents/latent_store.h"
#include "pipeline/clip_context.h"
#include "pipeline/clip_job.h"
#include "pipeline/media_making.h"

namespace orrery {

// The latent file of a long clip, which lists its chunks' files, all of which must exist. For rank 0. Throws InputError
// that names a chunk's file.
LatentFile list_of_chunks(const GenerateSettings& settings, const ClipJob& job);

// The size of the clip with these chunks, of height × width pixels.
PictureSize size_of(const std::vector<ListedChunk>& chunks, std::int64_t height, std::int64_t width);

// Reads and decodes the listed chunks, whose files are in `folder`, one after another. All ranks must pass the same
// list. Ends early when `making` fails. Throws RequestFailed on all ranks when a file cannot be read or does not match
// the list. Collective.
void add_chunks(MediaMaking& making, const Comm& world, at::Device device, const std::filesystem::path& folder,
                const std::vector<ListedChunk>& chunks);

}  // namespace orrery
