#include "io/media/media_check.h"

#include "base/core/error.h"
#include "io/media/media_input.h"
#include "io/media/still.h"

namespace orrery {

std::string media_problem(const std::filesystem::path& path) {
  try {
    if (!begins_as_still(path)) require_media_header(path);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

}  // namespace orrery
