#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "pipeline/request.h"

namespace orrery {

// What is wrong with one field of a request: `field` as the manifest writes it, `reason` with what was found and what
// is allowed.
struct FieldProblem {
  std::string field;
  std::string reason;
};

// Every rule on the values of a request other than its id and uniqueness; none broken: empty. Command-line
// defaults and manifest lines both go through it, so a rule is written once.
std::vector<FieldProblem> check_request(const Request& request);

// What is wrong with `id` as a name for files, or "".
std::string check_id(const std::string& id);

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
