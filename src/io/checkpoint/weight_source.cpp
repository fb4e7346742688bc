#include "io/checkpoint/weight_source.h"

#include <algorithm>
#include <array>

namespace orrery {
namespace {

constexpr std::array kStoredTypes = {
    StoredType{"BF16", 16, at::kBFloat16},
    StoredType{"F16", 16, at::kHalf},
    StoredType{"F32", 32, at::kFloat},
    StoredType{"F64", 64, std::nullopt},
    StoredType{"F8_E4M3", 8, at::kFloat8_e4m3fn},
    StoredType{"F8_E5M2", 8, std::nullopt},
    StoredType{"F8_E8M0", 8, std::nullopt},
    StoredType{"F6_E2M3", 6, std::nullopt},
    StoredType{"F6_E3M2", 6, std::nullopt},
    StoredType{"F4", 4, std::nullopt},
    StoredType{"I64", 64, std::nullopt},
    StoredType{"U64", 64, std::nullopt},
    StoredType{"I32", 32, std::nullopt},
    StoredType{"U32", 32, std::nullopt},
    StoredType{"I16", 16, std::nullopt},
    StoredType{"U16", 16, std::nullopt},
    StoredType{"I8", 8, std::nullopt},
    StoredType{"U8", 8, std::nullopt},
    StoredType{"BOOL", 8, std::nullopt},
    StoredType{"C64", 64, std::nullopt},
};

}  // namespace

const StoredType* find_stored_type(std::string_view name) {
  const auto* const found =
      std::find_if(kStoredTypes.begin(), kStoredTypes.end(), [&](const StoredType& type) { return type.name == name; });
  return found == kStoredTypes.end() ? nullptr : found;
}

}  // namespace orrery
