#pragma once

#include <string>

namespace orrery::fuzz {

// Puts the right checksum behind every chunk of a PNG, up to the first chunk that the file does not hold.
void mend_png(std::string& file);

}  // namespace orrery::fuzz
