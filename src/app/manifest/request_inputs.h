#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "pipeline/request.h"

namespace orrery {

// What is wrong with images and videos, as media_problem says. Each file is opened once.
class MediaProblems {
 public:
  const std::string& of(const std::filesystem::path& file);

 private:
  std::map<std::filesystem::path, std::string> known_;
};

// What keeps a request that breaks no rule from being made here: an image, a video or a latent file that is not there
// or cannot be read, an image or a video whose beginning is that of none, sound that the checkpoint does not have. Each
// "FIELD: REASON"; empty: nothing. Nothing is decoded, and latent files are not opened.
std::vector<std::string> missing_inputs(const Request& request, bool checkpoint_has_sound, MediaProblems& media);

}  // namespace orrery
