// The configs of a checkpoint's parts. The first byte says of which; the rest is the file.
#include "fuzz.h"
#include "models/audio/config.h"
#include "models/cosmos3/config.h"
#include "models/sampler/schedule.h"
#include "models/wan/config.h"
#include "models/zoo/pipeline_index.h"

namespace orrery::fuzz {
namespace {

// What is computed from a config that passed must not overflow.
void use(const Cosmos3Config& config) {
  constexpr std::int64_t kMost = std::int64_t{1} << 48;
  check(config.q_width() > 0 && config.q_width() < kMost, "q_width");
  check(config.kv_width() > 0 && config.kv_width() <= config.q_width(), "kv_width");
  check(config.patch_width() > 0, "patch_width");
  std::int64_t slots = 0;
  for (const std::int64_t section : config.mrope_section) {
    check(section >= 0, "mrope_section");
    slots += section;
  }
  check(slots == config.head_dim / 2, "mrope_section");
  divides(config, {.tp = 2});
}

void use(const WanConfig& config) {
  check(config.latents_mean.size() == config.latents_std.size(), "latents_mean");
  for (const double deviation : config.latents_std) check(deviation > 0, "latents_std");
}

void use(const SoundConfig& config) {
  std::int64_t samples = 1;
  for (const std::int64_t stride : config.dec_strides) samples *= stride;
  check(samples == SoundConfig::kSamplesPerStep, "dec_strides");
}

void read(char which, const std::filesystem::path& file) {
  switch (which) {
    case 't':
      return use(read_cosmos3_config(file));
    case 'v':
      return use(read_wan_config(file));
    case 's':
      return use(read_sound_config(file));
    case 'n':
      read_scheduler_config(file);
      return;
    default:
      read_pipeline_index(file.parent_path());
  }
}

std::string name_of(char which) {
  if (which == 'p') return "model_index.json";
  if (which == 'm') return "modular_model_index.json";
  return "config.json";
}

}  // namespace
}  // namespace orrery::fuzz

using namespace orrery::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  if (size == 0) return 0;
  const char which = static_cast<char>(data[0]);
  const std::filesystem::path file = folder.write(name_of(which), bytes(data, size).substr(1));
  accepts(file.string(), [&] { read(which, file); });
  std::filesystem::remove(file);
  return 0;
}
