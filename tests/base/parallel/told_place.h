#pragma once

#include <string_view>

namespace orrery {

// Waits until this process has told another rank that it is at `place`. A program that links this has a `send` of its
// own, before the C library's, which looks at what it passes on.
void wait_until_told(std::string_view place);

}  // namespace orrery
