#pragma once

#include <filesystem>

#include "io/latents/latent_store.h"
#include "models/cosmos3/media.h"
#include "pipeline/clip_context.h"
#include "pipeline/clip_job.h"
#include "pipeline/start_clip.h"

namespace orrery {

// What a clip's latent file and its snapshots hold beside the latents.
LatentFile clip_file(const GenerateSettings& settings, const ClipJob& job, const ClipStart& start);

// The latent file of the finished clip.
LatentFile finished_file(const GenerateSettings& settings, const ClipJob& job, const ClipStart& start,
                         const MediaLatents& latents);

// The latents of a latent file, as tensors on the CPU.
MediaLatents latents_of(const LatentFile& file);

// A file that cannot be removed stays.
void remove_if_there(const std::filesystem::path& file);

}  // namespace orrery
