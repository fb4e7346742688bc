#pragma once

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <map>
#include <string>

#include "base/core/error.h"
#include "support/temporary_folder.h"

namespace orrery {

using Tensors = std::map<std::string, at::Tensor>;

// The bytes of a safetensors file with this header text, which may have padding and may be wrong.
std::string with_header(const std::string& header, const std::string& data);
// The bytes of a valid file with these tensors, in the order of their names.
std::string safetensors(const Tensors& tensors);

// Expects that `action` throws an InputError whose message contains each of `words`.
template <class Action, class... Words>
void expect_refused(Action action, const Words&... words) {
  using testing::HasSubstr;
  EXPECT_THAT(action, testing::ThrowsMessage<InputError>(testing::AllOf(HasSubstr(words)...)));
}

}  // namespace orrery
