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

// The results of image_problem() and video_problem(). Opens each file only once.
class MediaProblems {
 public:
  const std::string& of_image(const std::filesystem::path& file);
  const std::string& of_video(const std::filesystem::path& file);

 private:
  using Known = std::map<std::filesystem::path, std::string>;
  Known images_;
  Known videos_;
};

// The reasons why a valid request cannot be made here, each "FIELD: REASON": an image, a video or a latent file that is
// missing or unreadable, a picture or video that is refused at its beginning (MediaProblems). Does not open latent
// files.
std::vector<std::string> missing_inputs(const Request& request, MediaProblems& media);

}  // namespace orrery
