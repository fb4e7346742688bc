#pragma once

#include <filesystem>
#include <string>

#include "pipeline/request.h"

namespace orrery {

// The checksum of a file's bytes; "" when it cannot be read, of which whoever needs its content tells.
std::string content_of(const std::filesystem::path& file);

// The clip that a clip continues, as the latter's latent file records it.
struct ParentContent {
  std::string latents;  // the checksum of its latents
  std::string recipe;   // the checksum of everything that decides them
};

// What the files of a request hold now and what its parent is, as latent files record it (storage/README.md): JSON, or
// "" for a clip that is made from texts alone.
std::string clip_inputs(const Request& request, const ParentContent& parent);

}  // namespace orrery
