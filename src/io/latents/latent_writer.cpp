#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <numeric>

#include "base/core/error.h"
#include "base/core/file.h"
#include "io/latents/file_bytes.h"
#include "io/latents/hdf5_data.h"
#include "io/latents/latent_store.h"
#include "io/latents/streams.h"

namespace orrery {
namespace {

using namespace latent_format;

// Step by which memory grows. The file is built in memory and written by this program, not by HDF5: HDF5 1.10 crashes
// after a failed write, and this way it never meets a full disk.
constexpr std::size_t kGrowth = std::size_t{8} << 20;
constexpr unsigned kMostAttributes = 32;

void require_shape(const FloatArray& array, std::size_t rank, const char* name) {
  const bool positive = std::all_of(array.shape.begin(), array.shape.end(), [](std::int64_t n) { return n > 0; });
  const auto count = std::accumulate(array.shape.begin(), array.shape.end(), std::int64_t{1}, std::multiplies<>());
  require(array.shape.size() == rank && positive && static_cast<std::size_t>(count) == array.values.size(),
          fmt::format("{}: {} values cannot be stored with shape {}, expected {} axes", name, array.values.size(),
                      shape_text(array.shape), rank));
}

void require_consistent(const LatentFile& file) {
  require((file.state == LatentFile::State::Running) == file.running.has_value(),
          "a latent file holds the sampler's state exactly when it is running");
  const auto same_stream = [](const auto& a, const auto& b) { return a.first == b.first; };
  require(!file.running || std::equal(file.latents.begin(), file.latents.end(), file.running->histories.begin(),
                                      file.running->histories.end(), same_stream),
          "a running latent file holds the sampler's history of each stream");
  for (const StreamSchema& schema : kStreams) {
    require(!schema.required || !file.chunks.empty() || file.latents.contains(schema.stream),
            fmt::format("a latent file needs {} latents", schema.name));
  }
  for (const auto& [stream, latents] : file.latents) {
    require_shape(latents, schema_of(stream).rank, schema_of(stream).latents);
  }
  for (const auto& [stream, given] : file.condition) {
    require(schema_of(stream).condition != nullptr, fmt::format("{} cannot be given", schema_of(stream).name));
    require_shape(given, schema_of(stream).rank, schema_of(stream).condition);
  }
  if (!file.running) return;
  for (const auto& [name, array] : file.running->cache_arrays) {
    require_shape(array, schema_of_cached(name).rank, name.c_str());
  }
}

class Writer {
 public:
  explicit Writer(bool compress) : compress_(compress), file_(create_in_memory()) {}

  void write(const LatentFile& file);
  // The bytes of the file, once everything is written.
  std::string image() const;

 private:
  static hdf5::File create_in_memory();
  void write_identity(const LatentFile& file);
  void write_floats(const std::string& path, const FloatArray& array, const char* axes, const char* description);
  void write_tokens(const char* path, const std::vector<std::int64_t>& ids, const char* description);
  void write_latents(const LatentFile& file);
  void write_schedule(const LatentFile& file);
  void write_timesteps(const std::vector<double>& timesteps);
  void write_condition(const LatentFile& file);
  void write_running(const RunningState& running);
  void write_cache(const RunningState& running);
  void write_history(const std::string& path, const SamplerHistory& history, const char* axes);

  bool compress_;
  hdf5::File file_;
};

hdf5::File Writer::create_in_memory() {
  const char* what = "create an HDF5 file in memory";
  const hdf5::PropertyList access(hdf5::check(H5Pcreate(H5P_FILE_ACCESS), what));
  hdf5::check(H5Pset_fapl_core(access.get(), kGrowth, false), what);
  // The format of HDF5 1.10 has checksums in its structures, which reveal a torn block.
  hdf5::check(H5Pset_libver_bounds(access.get(), H5F_LIBVER_V110, H5F_LIBVER_V110), what);
  const hdf5::PropertyList creation(hdf5::check(H5Pcreate(H5P_FILE_CREATE), what));
  hdf5::check(H5Pset_obj_track_times(creation.get(), false), what);
  // Keeps all attributes of the root in its header, which has a checksum; by default HDF5 moves more than eight
  // elsewhere.
  hdf5::check(H5Pset_attr_phase_change(creation.get(), kMostAttributes, kMostAttributes), what);
  return hdf5::File(hdf5::check(H5Fcreate("latents.h5", H5F_ACC_TRUNC, creation.get(), access.get()), what));
}

std::string Writer::image() const {
  const char* what = "read back an HDF5 file in memory";
  hdf5::check(H5Fflush(file_.get(), H5F_SCOPE_GLOBAL), what);
  const ssize_t size = hdf5::check(H5Fget_file_image(file_.get(), nullptr, 0), what);
  std::string bytes(static_cast<std::size_t>(size), '\0');
  hdf5::check(H5Fget_file_image(file_.get(), bytes.data(), bytes.size()), what);
  hdf5::mend_superblock(bytes);
  return bytes;
}

void Writer::write(const LatentFile& file) {
  write_identity(file);
  write_latents(file);
  write_tokens(kCondIds, file.cond_ids, "token ids of the prompt");
  write_tokens(kUncondIds, file.uncond_ids, "token ids of the negative prompt");
  write_schedule(file);
  write_condition(file);
  if (file.running) write_running(*file.running);
}

void Writer::write_identity(const LatentFile& file) {
  const hid_t root = file_.get();
  hdf5::write_attribute(root, "format", kFormat);
  hdf5::write_attribute(root, "version", kVersion);
  hdf5::write_attribute(root, "state", file.running ? kRunning : kComplete);
  hdf5::write_attribute(root, "request", file.request);
  if (!file.inputs.empty()) hdf5::write_attribute(root, "inputs", file.inputs);
  if (!file.chunks.empty()) hdf5::write_attribute(root, "chunks", chunk_list_text(file.chunks));
  hdf5::write_attribute(root, "model", file.model);
  hdf5::write_attribute(root, "software", file.software);
  hdf5::write_attribute(root, "created", file.created);
  if (!file.running) hdf5::write_attribute(root, "checksum", latents_checksum(file));
  for (const char* group : {"/latents", "/text", kSampler}) hdf5::create_group(root, group);
}

void Writer::write_latents(const LatentFile& file) {
  for (const auto& [stream, latents] : file.latents) {
    const StreamSchema& schema = schema_of(stream);
    const std::string description =
        fmt::format("{} latents as the transformer sees them; noisy until the state is complete", schema.name);
    write_floats(schema.latents, latents, schema.axes, description.c_str());
  }
}

void Writer::write_condition(const LatentFile& file) {
  if (!file.condition.empty()) hdf5::create_group(file_.get(), "/condition");
  for (const auto& [stream, given] : file.condition) {
    write_floats(schema_of(stream).condition, given, schema_of(stream).axes,
                 "clean latent frames that the clip is conditioned on");
  }
}

void Writer::write_floats(const std::string& path, const FloatArray& array, const char* axes, const char* description) {
  if (array.empty()) return;
  hdf5::write_dataset(file_.get(), path, array.shape, array.values.data(), {axes, description, compress_});
}

void Writer::write_tokens(const char* path, const std::vector<std::int64_t>& ids, const char* description) {
  if (ids.empty()) return;
  hdf5::write_dataset(file_.get(), path, {std::ssize(ids)}, ids.data(), {"token", description, compress_});
}

void Writer::write_schedule(const LatentFile& file) {
  if (!file.sigmas.empty()) {
    hdf5::write_dataset(file_.get(), kSigmas, {std::ssize(file.sigmas)}, file.sigmas.data(),
                        {"step", "noise level before each step, and 0 after the last", compress_});
  }
  if (!file.timesteps.empty()) write_timesteps(file.timesteps);
}

void Writer::write_timesteps(const std::vector<double>& timesteps) {
  const hdf5::DatasetStyle style{"step", "timestep that the transformer is given at each step", compress_};
  const auto write = [&](const auto& values) {
    hdf5::write_dataset(file_.get(), kTimesteps, {std::ssize(values)}, values.data(), style);
  };
  const bool whole = std::all_of(timesteps.begin(), timesteps.end(), [](double t) { return t == std::trunc(t); });
  if (whole) {
    write(std::vector<std::int64_t>(timesteps.begin(), timesteps.end()));
  } else {
    write(std::vector<float>(timesteps.begin(), timesteps.end()));
  }
}

void Writer::write_running(const RunningState& running) {
  const hdf5::Group sampler(hdf5::check(H5Gopen2(file_.get(), kSampler, H5P_DEFAULT), "open /sampler"));
  hdf5::write_attribute(sampler.get(), "step", running.step);
  for (const auto& [stream, history] : running.histories) {
    write_history(schema_of(stream).history, history, schema_of(stream).axes);
  }
  if (!running.cache.empty()) write_cache(running);
}

void Writer::write_cache(const RunningState& running) {
  hdf5::create_group(file_.get(), kCache);
  const hdf5::Group group(hdf5::check(H5Gopen2(file_.get(), kCache, H5P_DEFAULT), fmt::format("open {}", kCache)));
  hdf5::write_attribute(group.get(), "state", running.cache);
  for (const auto& [name, array] : running.cache_arrays) {
    const std::string path = fmt::format("{}/{}", kCache, name);
    // Creates each parent explicitly: groups that HDF5 creates as missing parents record the time.
    for (std::size_t slash = std::strlen(kCache) + 1; (slash = path.find('/', slash)) != std::string::npos; ++slash) {
      const std::string parent = path.substr(0, slash);
      if (!hdf5::has_path(file_.get(), parent)) hdf5::create_group(file_.get(), parent);
    }
    write_floats(path, array, schema_of_cached(name).axes, "what a step cache knows of a branch's last steps");
  }
}

void Writer::write_history(const std::string& path, const SamplerHistory& history, const char* axes) {
  hdf5::create_group(file_.get(), path);
  const hdf5::Group group(hdf5::check(H5Gopen2(file_.get(), path.c_str(), H5P_DEFAULT), "open " + path));
  hdf5::write_attribute(group.get(), "lower_order_steps", history.lower_order_steps);
  hdf5::write_attribute(group.get(), "last_order", history.last_order);
  write_floats(path + "/last_sample", history.last_sample, axes, "latents before the last prediction");
  write_floats(path + "/model_output_0", history.model_output_0, axes, "denoised estimate of the step before the last");
  write_floats(path + "/model_output_1", history.model_output_1, axes, "denoised estimate of the last step");
}

std::string encode(const LatentFile& file) {
  const hdf5::Session session;
  Writer writer(file.state == LatentFile::State::Complete);
  writer.write(file);
  return writer.image();
}

}  // namespace

void write_latents(const std::filesystem::path& path, const LatentFile& file) {
  require_consistent(file);
  write_file(path, encode(file));
}

}  // namespace orrery
