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

// The latent file of a long clip, which lists the files of its chunks, all of which are there. On rank 0. Throws
// InputError that names a chunk's file.
LatentFile list_of_chunks(const GenerateSettings& settings, const ClipJob& job);

// The size of a clip that is listed, of pictures of height × width.
PictureSize size_of(const std::vector<ListedChunk>& chunks, std::int64_t height, std::int64_t width);

// Decodes the chunks of a list, which lie in `folder`, one after another; each is read when the one before is decoded.
// All ranks know the list. Ends early where the making fails. Throws RequestFailed on all ranks alike when a file
// cannot be read, or is none of this list. Collective.
void add_chunks(MediaMaking& making, const Comm& world, at::Device device, const std::filesystem::path& folder,
                const std::vector<ListedChunk>& chunks);

}  // namespace orrery
