#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string_view>

namespace orrery {

// The streams that a clip consists of. Each has latents, noise, a sampler state, tokens in the media tower and datasets
// in latent files. Tokens, checksums and files follow the order of this enumeration, so a new stream goes to the end.
enum class Stream { Video, Sound };

// A value for each stream that a clip has, in the streams' order.
template <class T>
using Streams = std::map<Stream, T>;

// The time axis of arrays in latent files; the axes before it are batch (size 1) and channel.
inline constexpr std::size_t kTimeAxis = 2;

// How latent files store a stream: latents under /latents/NAME, sampler history under /sampler/NAME.
struct StreamSchema {
  Stream stream;
  const char* name;
  const char* latents;             // path of the latents
  const char* history;             // path of the sampler's history
  const char* condition;           // path of the given time steps; null: all are generated
  const char* axes;                // axes of all its arrays
  const char* shape;               // shape of its arrays: [1, channels, time steps, …]
  std::size_t rank;                // number of axes
  bool required;                   // whether every clip has this stream
  std::uint64_t steps_to_a_frame;  // maximum time steps for each latent frame of video; 0: no limit
};

inline constexpr std::array kStreams{
    StreamSchema{Stream::Video, "video", "/latents/video", "/sampler/video", "/condition/latents",
                 "batch, channel, frame, row, column", "[1, C, t, h, w]", 5, true, 0},
    // A latent frame has up to 4 frames, which last at most 1 s (25 time steps) each: longer sound would never be
    // heard.
    StreamSchema{Stream::Sound, "sound", "/latents/sound", "/sampler/sound", nullptr, "batch, channel, time",
                 "[1, S, T]", 3, false, 100},
};

constexpr const StreamSchema& schema_of(Stream stream) { return kStreams[static_cast<std::size_t>(stream)]; }

}  // namespace orrery

namespace orrery::latent_format {

// Names in latent files of version 1, besides those of streams. A changed meaning needs a new version.

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

// The stream whose latents have the shape of a step cache's array. The array's name tells: "0/1/sound" is like sound,
// "0/indicator" like video.
constexpr const StreamSchema& schema_of_cached(std::string_view name) {
  const std::string_view last = name.substr(name.rfind('/') + 1);
  for (const StreamSchema& schema : kStreams) {
    if (last == schema.name) return schema;
  }
  return schema_of(Stream::Video);
}

}  // namespace orrery::latent_format
