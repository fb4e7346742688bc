#pragma once

#include <cstdint>

#include "app/bench/settings.h"
#include "models/cosmos3/media.h"

namespace orrery {

constexpr double kBenchFps = 24;
constexpr std::int64_t kBenchTextTokens = 512;  // of each prompt

// The clip's video latent, without sound.
MediaShape bench_shape(const BenchModel& model, const BenchSettings& settings);
// Tokens of the video in the media tower.
std::int64_t bench_tokens(const MediaShape& shape);
// Latent steps of a sound that is as long as the video.
std::int64_t bench_sound_steps(const BenchSettings& settings);

}  // namespace orrery
