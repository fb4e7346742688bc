#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "pipeline/request.h"

namespace orrery {

// A problem of one field of a request: the key in the manifest, and the reason with what was found and what is
// allowed.
struct FieldProblem {
  std::string field;
  std::string reason;
};

// Checks the values of a request, except the id. Returns all problems. Used for command-line defaults and for manifest
// lines.
std::vector<FieldProblem> check_request(const Request& request);

// Why `id` is not a valid name for files; "" when it is.
std::string check_id(const std::string& id);

// The results of media_problem() for images and videos. Opens each file only once.
class MediaProblems {
 public:
  const std::string& of(const std::filesystem::path& file);

 private:
  std::map<std::filesystem::path, std::string> known_;
};

// The reasons why a valid request cannot be made here, each "FIELD: REASON": an image, a video or a latent file that is
// missing or unreadable, a file that does not begin like an image or a video, sound that the checkpoint does not have.
// Decodes nothing and does not open latent files.
std::vector<std::string> missing_inputs(const Request& request, bool checkpoint_has_sound, MediaProblems& media);

}  // namespace orrery
