#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/core/error.h"
#include "io/latents/chunk_list.h"
#include "io/latents/streams.h"

namespace orrery {

// A dense row-major float32 array in host memory. Without values it counts as not stored; otherwise all extents are at
// least 1 and their product is the number of values.
struct FloatArray {
  std::vector<std::int64_t> shape;
  std::vector<float> values;

  bool empty() const { return values.empty(); }
  friend bool operator==(const FloatArray&, const FloatArray&) = default;
};

// "[1, 48, 6, 45, 80]"
std::string shape_text(const std::vector<std::int64_t>& shape);

// State of a second-order UniPC sampler between steps, for one stream (MODEL.md §5). The arrays have the latents'
// shape, or are empty when the sampler does not have them yet. The sampler of few-step checkpoints has no state: all
// arrays are empty and the counts 0.
struct SamplerHistory {
  FloatArray last_sample;     // x before the last prediction
  FloatArray model_output_0;  // denoised estimate of the step before the last
  FloatArray model_output_1;  // denoised estimate of the last step
  int lower_order_steps = 0;  // number of steps done, at most the sampler's order
  int last_order = 0;         // order of the last prediction; 0 before the first
  friend bool operator==(const SamplerHistory&, const SamplerHistory&) = default;
};

struct RunningState {
  int step = 0;                                      // steps done, which is the index of the next step
  Streams<SamplerHistory> histories;                 // for each stream of the latents
  std::string cache{};                               // JSON: the counts of a step cache; "": no cache
  std::map<std::string, FloatArray> cache_arrays{};  // its arrays by name, with the shape of a stream's latents
  friend bool operator==(const RunningState&, const RunningState&) = default;
};

// The content of a latent file, version 1: a finished clip, or one stopped at a step boundary. Empty members are not
// stored. The reader requires `state` and the video's latents (and `running` when the state is Running); the rest may
// be empty in files that other programs wrote. Shapes are those of the streams' schema (streams.h).
struct LatentFile {
  enum class State { Complete, Running };

  State state = State::Complete;
  std::string request;   // JSON: the request after the defaults were filled in
  std::string inputs;    // JSON: checksums of the request's files by key; "": none or unknown
  std::string model;     // JSON: checkpoint fingerprint and dimensions
  std::string software;  // name, version and revision of the writer
  std::string created;   // ISO 8601, UTC
  Streams<FloatArray> latents;
  std::vector<std::int64_t> cond_ids;
  std::vector<std::int64_t> uncond_ids;
  std::vector<float> sigmas;
  std::vector<double> timesteps;        // stored as integers if all are whole, else as float32
  std::optional<RunningState> running;  // present exactly when the state is Running
  Streams<FloatArray> condition;        // the given time steps, which are not generated
  std::vector<ListedChunk> chunks{};    // files with a long clip's latents; empty: they are in this one
  friend bool operator==(const LatentFile&, const LatentFile&) = default;
};

// Writes the file beside `path` and renames it: a reader sees the old file or the new one. Complete files are
// compressed, running ones are not; equal content gives equal bytes. Needs memory for one more copy of the file.
// Thread-safe. Throws Error when shapes contradict the values or the file cannot be written.
void write_latents(const std::filesystem::path& path, const LatentFile& file);

// The latent file has a format version that this program does not know.
class OtherVersion : public InputError {
 public:
  using InputError::InputError;
};

// Reads any version 1 file except a long clip's list of chunks (LatentHeader::chunks); latents of other floating-point
// types, layouts and filters are converted. Thread-safe. Throws InputError that names the file and the dataset or
// attribute when the file is no latent file, has another version (OtherVersion), lacks something required, has a wrong
// shape or damaged content (checksums are verified), or when its latents are in other files.
LatentFile read_latents(const std::filesystem::path& path);

// Reads the file of a long clip, which holds everything but latents. Throws InputError like read_latents().
LatentFile read_chunk_list(const std::filesystem::path& path);

// Identifies the request of a latent file: everything but the latents and the sampler's history.
struct LatentHeader {
  LatentFile::State state = LatentFile::State::Complete;
  std::string request;   // JSON, or ""
  std::string inputs;    // JSON, or ""
  std::string model;     // JSON, or ""
  std::string checksum;  // latents_checksum() recorded by the writer of a finished file; "": none
  std::vector<std::int64_t> cond_ids;
  std::vector<std::int64_t> uncond_ids;
  std::vector<float> sigmas;
  Streams<std::int64_t> steps;        // time steps of each stream's latents
  std::vector<ListedChunk> chunks{};  // files with a long clip's latents; empty: they are in this one

  // Time steps of `stream`; 0 when the clip does not have it.
  std::int64_t steps_of(Stream stream) const { return steps.contains(stream) ? steps.at(stream) : 0; }
};

// Reads no latents, so its time does not depend on their size. Throws InputError like read_latents().
LatentHeader read_latent_header(const std::filesystem::path& path);

// Checksum (32 hexadecimal digits) of the values of all streams' latents; for a long clip, of its chunks' checksums.
std::string latents_checksum(const LatentFile& file);

// The checksum of a finished file's latents: the recorded one, or else computed from the values. Throws InputError like
// read_latents().
std::string stored_checksum(const std::filesystem::path& path);

// Version of the HDF5 library in use: "1.10.8".
std::string hdf5_version();

}  // namespace orrery
