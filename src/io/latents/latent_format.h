#pragma once

#include <cstdint>
#include <string_view>

#include "io/latents/streams.h"

// Names of latent file version 1 beside those of streams (streams.h). A changed meaning needs a new version.
namespace orrery::latent_format {

inline constexpr const char* kFormat = "orrery-latents";
inline constexpr std::int64_t kVersion = 1;
inline constexpr const char* kComplete = "complete";
inline constexpr const char* kRunning = "running";

inline constexpr const char* kCondIds = "/text/cond_ids";
inline constexpr const char* kUncondIds = "/text/uncond_ids";
inline constexpr const char* kSampler = "/sampler";
inline constexpr const char* kSigmas = "/sampler/sigmas";
inline constexpr const char* kTimesteps = "/sampler/timesteps";
inline constexpr const char* kCache = "/sampler/cache";

// The stream whose latents an array of a step cache is like, by its name: "0/1/sound", "0/indicator" of the video's.
constexpr const StreamSchema& schema_of_cached(std::string_view name) {
  const std::string_view last = name.substr(name.rfind('/') + 1);
  for (const StreamSchema& schema : kStreams) {
    if (last == schema.name) return schema;
  }
  return schema_of(Stream::Video);
}

}  // namespace orrery::latent_format
