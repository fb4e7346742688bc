#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string_view>

namespace orrery {

// What a clip consists of. Each stream has latents, noise, a sampler's state, tokens in the media tower and rows in
// latent files. Their order is that of tokens, checksums and files: a new stream goes to the end.
enum class Stream { Video, Sound };

// A value for each stream that a clip has, in the streams' order.
template <class T>
using Streams = std::map<Stream, T>;

// In the arrays of latent files, whose first axes are batch (of one) and channel.
inline constexpr std::size_t kTimeAxis = 2;

// How a stream stands in latent files: its latents under /latents/NAME, the sampler's history under /sampler/NAME.
struct StreamSchema {
  Stream stream;
  const char* name;
  const char* latents;             // path of the latents
  const char* history;             // path of the sampler's history
  const char* condition;           // path of the given time steps; null: all of it is generated
  const char* axes;                // of all its arrays
  const char* shape;               // of all its arrays; [1, channels, time steps, …]
  std::size_t rank;                // number of axes
  bool required;                   // every clip has it
  std::uint64_t steps_to_a_frame;  // most time steps beside a latent frame of video; 0: any number
};

inline constexpr std::array kStreams{
    StreamSchema{Stream::Video, "video", "/latents/video", "/sampler/video", "/condition/latents",
                 "batch, channel, frame, row, column", "[1, C, t, h, w]", 5, true, 0},
    // A latent frame is up to 4 frames, and a frame lasts a second (25 steps) at most: of a longer sound, nothing would
    // be heard.
    StreamSchema{Stream::Sound, "sound", "/latents/sound", "/sampler/sound", nullptr, "batch, channel, time",
                 "[1, S, T]", 3, false, 100},
};

constexpr const StreamSchema& schema_of(Stream stream) { return kStreams[static_cast<std::size_t>(stream)]; }

}  // namespace orrery

namespace orrery::latent_format {

// Names of latent file version 1 beside those of streams. A changed meaning needs a new version.

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
