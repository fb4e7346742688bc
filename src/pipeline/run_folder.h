#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace orrery {

// Paths of a run's files under OUT.
struct RunFolder {
  std::filesystem::path out;
  std::filesystem::path latents(const std::string& id) const { return out / "latents" / (id + ".h5"); }
  std::filesystem::path snapshot(const std::string& id) const { return out / "snapshots" / (id + ".h5"); }
  std::filesystem::path media(const std::string& id) const { return out / "media" / (id + ".mp4"); }
  std::filesystem::path preview(const std::string& id) const { return out / "media" / (id + ".png"); }
  std::filesystem::path frames(const std::string& id) const { return out / "frames" / id; }
  std::filesystem::path sound(const std::string& id) const { return frames(id) / "sound.wav"; }
  std::filesystem::path timings(const std::string& id) const { return out / "timings" / (id + ".json"); }
  std::filesystem::path frame(const std::string& id, std::int64_t index) const {
    const std::string digits = std::to_string(index);
    return frames(id) / (std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits + ".png");
  }
};

}  // namespace orrery
