#pragma once

#include <cstdint>

// Names of latent file version 1. A changed meaning needs a new version.
namespace orrery::latent_format {

inline constexpr const char* kFormat = "orrery-latents";
inline constexpr std::int64_t kVersion = 1;
inline constexpr const char* kComplete = "complete";
inline constexpr const char* kRunning = "running";

inline constexpr const char* kVideo = "/latents/video";
inline constexpr const char* kSound = "/latents/sound";
inline constexpr const char* kCondIds = "/text/cond_ids";
inline constexpr const char* kUncondIds = "/text/uncond_ids";
inline constexpr const char* kSampler = "/sampler";
inline constexpr const char* kSigmas = "/sampler/sigmas";
inline constexpr const char* kTimesteps = "/sampler/timesteps";
inline constexpr const char* kVideoHistory = "/sampler/video";
inline constexpr const char* kSoundHistory = "/sampler/sound";
inline constexpr const char* kCache = "/sampler/cache";
inline constexpr const char* kCondition = "/condition/latents";

inline constexpr const char* kVideoAxes = "batch, channel, frame, row, column";
inline constexpr const char* kSoundAxes = "batch, channel, time";

}  // namespace orrery::latent_format
