#pragma once

#include <filesystem>
#include <string>

#include "pipeline/request.h"

namespace orrery {

// The checksum of a file's bytes; "" when it cannot be read: whoever needs its content reports that.
std::string content_of(const std::filesystem::path& file);

// What a clip's latent file records of the clip that it continues.
struct ParentContent {
  std::string latents;  // the checksum of its latents
  std::string recipe;   // the checksum of everything that decides them
};

// What the files of a request hold now and what its parent is, as latent files record it (io/latents/README.md): JSON,
// or
// "" for a clip that is made from texts alone.
std::string clip_inputs(const Request& request, const ParentContent& parent);

}  // namespace orrery
