#pragma once

#include <unistd.h>

#include "base/core/handle.h"

namespace orrery {

struct DescriptorTraits {
  using type = int;
  static type null() noexcept { return -1; }
  static void close(type descriptor) noexcept { ::close(descriptor); }
};

// Sole owner of an open file.
using Descriptor = UniqueHandle<DescriptorTraits>;

}  // namespace orrery
