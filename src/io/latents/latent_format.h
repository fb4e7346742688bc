#pragma once

#include <cstdint>

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

}  // namespace orrery::latent_format
