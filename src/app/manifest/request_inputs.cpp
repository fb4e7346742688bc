#include "app/manifest/request_inputs.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "io/media/media_reader.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

std::string file_reason(const fs::path& file) {
  std::error_code ignored;
  const fs::file_status status = fs::status(file, ignored);
  if (!fs::exists(status)) {
    const bool may_be_id = file.extension().empty();
    return file.string() + ": no such file" +
           (may_be_id ? ", and no earlier line has the id " + file.filename().string() : "");
  }
  if (fs::is_directory(status)) return file.string() + ": it is a folder, not a file";
  if (::access(file.c_str(), R_OK) != 0) return file.string() + ": " + std::strerror(errno);
  return "";
}

}  // namespace

const std::string& MediaProblems::of(const fs::path& file) {
  const auto [place, is_new] = known_.try_emplace(file);
  if (is_new) place->second = media_problem(file);
  return place->second;
}

std::vector<std::string> missing_inputs(const Request& request, bool checkpoint_has_sound, MediaProblems& media) {
  std::vector<std::string> missing;
  const auto check_file = [&](const char* field, const fs::path& file, bool is_media) {
    if (file.empty()) return;
    std::string reason = file_reason(file);
    if (reason.empty() && is_media) reason = media.of(file);
    if (!reason.empty()) missing.push_back(std::string(field) + ": " + reason);
  };
  const bool latents = request.continued_video.extension() == ".h5";
  check_file("image", request.image, true);
  check_file("condition_latents", request.condition_latents, false);
  check_file("continues", request.continued_video, !latents);
  if (latents) {
    missing.push_back("continues: " + request.continued_video.string() +
                      ": it is a latent file, expected a video or the id of an earlier line; condition_latents takes "
                      "latents as they are");
  }
  if (request.sound && !checkpoint_has_sound) {
    missing.emplace_back(
        "sound: the checkpoint has no sound (sound_gen is false in transformer/config.json, or sound_tokenizer/ is "
        "missing)");
  }
  return missing;
}

}  // namespace orrery
