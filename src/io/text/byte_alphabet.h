#pragma once

#include <array>
#include <string>
#include <string_view>

namespace orrery {

// Byte-level BPE spells each byte as one printable character: the printable ones of Latin-1 as themselves, the others,
// in order, as U+0100, U+0101, …
const std::array<std::string, 256>& byte_alphabet();

std::string spell_bytes(std::string_view bytes);

}  // namespace orrery
