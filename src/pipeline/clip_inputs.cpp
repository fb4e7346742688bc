#include "pipeline/clip_inputs.h"

#include "base/core/error.h"
#include "base/core/file_content.h"
#include "base/core/json.h"

namespace orrery {

std::string content_of(const std::filesystem::path& file) {
  try {
    return file_checksum(file);
  } catch (const InputError&) {
    return "";
  }
}

std::string clip_inputs(const Request& request, const ParentContent& parent) {
  Json inputs = Json::object();
  for (const RequestFile& file : request.input_files()) {
    const std::string content = content_of(file.path);
    if (!content.empty()) inputs[file.key] = content;
  }
  if (!request.parent.empty()) inputs["parent"] = {{"latents", parent.latents}, {"recipe", parent.recipe}};
  return inputs.empty() ? "" : inputs.dump();
}

}  // namespace orrery
