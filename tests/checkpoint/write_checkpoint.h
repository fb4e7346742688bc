#pragma once

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <map>
#include <string>

#include "core/error.h"

namespace orrery {

// A folder of its own, gone with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();
  const std::filesystem::path& path() const { return path_; }
  // Writes a file and returns its path.
  std::filesystem::path write(const std::string& name, const std::string& content) const;

 private:
  std::filesystem::path path_;
};

using Tensors = std::map<std::string, at::Tensor>;

// The bytes of a safetensors file with this header text, padded or not: true or lying.
std::string with_header(const std::string& header, const std::string& data);
// A true file, tensors in the order of their names.
std::string safetensors(const Tensors& tensors);

// `action` throws InputError whose message contains every one of `words`.
template <class Action, class... Words>
void expect_refused(Action action, const Words&... words) {
  using testing::HasSubstr;
  EXPECT_THAT(action, testing::ThrowsMessage<InputError>(testing::AllOf(HasSubstr(words)...)));
}

}  // namespace orrery
