#pragma once

#include <filesystem>
#include <string>

#include "io/latents/latent_store.h"
#include "models/cosmos3/media.h"
#include "pipeline/clip_context.h"
#include "pipeline/clip_job.h"
#include "pipeline/request.h"
#include "pipeline/start_clip.h"

namespace orrery {

// The checksum of a file's bytes; "" when it cannot be read, which is reported when its content is needed.
std::string content_of(const std::filesystem::path& file);

// What a clip's latent file records about the clip that it continues.
struct ParentContent {
  std::string latents;  // the checksum of its latents
  std::string recipe;   // the checksum of everything that decides them
};

// The present content of a request's files and its parent, as latent files record them (io/latents/README.md): JSON, or
// "" for a clip that is made from texts only.
std::string clip_inputs(const Request& request, const ParentContent& parent);

// The content of a clip's latent file and its snapshots apart from the latents.
LatentFile clip_file(const GenerateSettings& settings, const ClipJob& job, const ClipStart& start);

// The latent file of the finished clip.
LatentFile finished_file(const GenerateSettings& settings, const ClipJob& job, const ClipStart& start,
                         const MediaLatents& latents);

// The latents in a latent file, as tensors on the CPU.
MediaLatents latents_of(const LatentFile& file);

// Removes the file if it exists. Ignores failures.
void remove_if_there(const std::filesystem::path& file);

}  // namespace orrery
